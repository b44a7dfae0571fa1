#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/descriptor.hpp>
#include <logfia/event/event_kind.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace logfia {

/// The process that an event is about, or that caused it. Whatever is not known is absent.
struct Actor {
    std::uint64_t number = 0;  ///< our own number for the process, never given twice; 0: none
    std::int32_t pid = 0;      ///< 0: no single process, or not known
    std::int32_t thread = 0;   ///< a thread with a descriptor table of its own; 0: the table is the
                               ///< process's
    std::string comm;          ///< any bytes
    std::string exe;           ///< the path of its executable, any bytes
    std::optional<std::uint32_t> uid;
    std::string user;  ///< the name of `uid`
    std::optional<std::int32_t> ppid;
    std::optional<SteadyTime> watched_since;  ///< the first look at it
};

/// Something may have been missed.
struct Loss {
    std::string reason;
    std::optional<std::uint64_t> missed_ticks{};
    std::optional<Duration> longest_gap{};  ///< between two looks, where some came late
    /// Processes that ended before any look at them.
    std::optional<std::uint64_t> missed_processes{};
};

/// A descriptor was opened, closed or renamed, or its socket has connected, begun to listen, or
/// been left by its peer.
struct DescriptorChange {
    Descriptor descriptor;
    bool initial = false;  ///< `open` of what was open before the watch began
    /// The process has had it from its parent since its start: told with `--inherited` only.
    bool inherited = false;
    bool at_exit = false;                   ///< `close`: by the end of its process
    std::string old_name;                   ///< `rename`
    std::optional<WallTime> opened;         ///< `close`: the time of its `open`
    std::optional<Duration> held;           ///< `close` of what was not `initial`
    std::optional<TcpTotals> totals;        ///< `close` of a TCP connection, if asked for
    std::optional<std::uint64_t> fd_limit;  ///< `open`: the process's RLIMIT_NOFILE, if asked for
};

/// Something happened to a file or directory, by whichever process.
struct PathChange {
    std::string path;      ///< any bytes but NUL
    std::string old_path;  ///< `rename`; empty: not known
};

/// A process came, runs another program, or ended.
struct ProcessChange {
    bool initial = false;       ///< `start` of one that ran before the watch began
    std::optional<int> status;  ///< `exit`: of a process that ended by itself
    std::optional<int> signal;  ///< `exit`: that ended it
};

/// A single thing that was noticed: one record.
struct Event {
    EventKind kind = EventKind::lost;
    Now at;  ///< when it happened or, where nobody can tell, when the look that noticed it began
    Actor actor;
    std::variant<Loss, DescriptorChange, PathChange, ProcessChange> change;

    /// Null when the event is about something else.
    [[nodiscard]] const DescriptorChange* descriptor_change() const {
        return std::get_if<DescriptorChange>(&change);
    }
    [[nodiscard]] DescriptorChange* descriptor_change() {
        return std::get_if<DescriptorChange>(&change);
    }
    [[nodiscard]] const Loss* loss() const { return std::get_if<Loss>(&change); }
};

/// A `lost`, for the reason given; about no single process.
Event lost(Now at, std::string reason, std::optional<std::uint64_t> missed_ticks = std::nullopt);

/// The `open` of what was open, or the `start` of what ran, before the watch began.
bool is_initial(const Event& event);

/// The internet peer of the event's descriptor; null when there is none.
const Endpoint* peer_of(const Event& event);

}  // namespace logfia
