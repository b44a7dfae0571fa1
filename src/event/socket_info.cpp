#include <logfia/event/socket_info.hpp>

#include <array>
#include <cstddef>

namespace logfia {
namespace {

constexpr std::array<std::string_view, 13> kStateNames{
    "",      "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2",   "time_wait",
    "close", "close_wait",  "last_ack", "listen",   "closing",   "new_syn_recv"};
static_assert(kStateNames.size() == static_cast<std::size_t>(SocketState::new_syn_recv) + 1);

}  // namespace

std::string_view to_string(SocketState state) {
    return kStateNames[static_cast<std::size_t>(state)];
}

}  // namespace logfia
