#pragma once

#include <logfia/descriptor/fd_snapshot.hpp>

namespace logfia {

/// Merges two snapshots by descriptor number, in ascending order.
///
/// - `on_close(const FdEntry& before)`: the number is no longer open.
/// - `on_change(const FdEntry& before, FdEntry& after)`: open in both, but the link is another
/// text.
/// - `on_open(FdEntry& after)`: the number was not open before.
template <class OnClose, class OnChange, class OnOpen>
void diff(const FdSnapshot& before, FdSnapshot& after, OnClose on_close, OnChange on_change,
          OnOpen on_open) {
    auto old = before.entries().begin();
    const auto old_end = before.entries().end();
    for (FdEntry& entry : after.entries()) {
        while (old != old_end && old->fd < entry.fd) on_close(*old++);
        if (old == old_end || old->fd != entry.fd) {
            on_open(entry);
        } else {
            if (before.name(*old) != after.name(entry)) on_change(*old, entry);
            ++old;
        }
    }
    while (old != old_end) on_close(*old++);
}

}  // namespace logfia
