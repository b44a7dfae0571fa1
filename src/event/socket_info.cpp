#include <logfia/event/socket_info.hpp>

#include <fmt/format.h>

#include <array>
#include <iterator>

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

void append_vsock(std::string& out, const VsockAddress& address) {
    constexpr std::uint32_t kAny = 0xffffffff;  // VMADDR_CID_ANY, vsock(7)
    if (address.cid == kAny)
        out += '*';
    else
        fmt::format_to(std::back_inserter(out), "{}", address.cid);
    fmt::format_to(std::back_inserter(out), ":{}", address.port);
}

}  // namespace logfia
