#include <logfia/event/event.hpp>

#include <utility>

namespace logfia {

Event lost(Now at, std::string reason, std::optional<std::uint64_t> missed_ticks) {
    Event event;
    event.at = at;
    event.change = Loss{std::move(reason), missed_ticks, {}, {}};
    return event;
}

bool is_initial(const Event& event) {
    if (const DescriptorChange* change = event.descriptor_change()) return change->initial;
    const auto* process = std::get_if<ProcessChange>(&event.change);
    return process != nullptr && process->initial;
}

const Endpoint* peer_of(const Event& event) {
    const DescriptorChange* change = event.descriptor_change();
    if (change == nullptr || change->descriptor.socket == nullptr) return nullptr;
    const auto& remote = change->descriptor.socket->remote;
    return remote ? &*remote : nullptr;
}

}  // namespace logfia
