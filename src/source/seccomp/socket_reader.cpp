#include <logfia/socket/socket_progress.hpp>
#include <logfia/source/seccomp/socket_reader.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <string_view>
#include <utility>

namespace logfia {
namespace {

constexpr int kTypeMask = 0xf;  // SOCK_TYPE_MASK, <linux/net.h>

/// The names of unix sockets' types; a literal, empty for another type.
std::string_view kind_of(int type) {
    switch (type) {
        case SOCK_STREAM:
            return "stream";
        case SOCK_DGRAM:
        case SOCK_RAW:  // a datagram socket too (unix_create(), net/unix/af_unix.c)
            return "dgram";
        case SOCK_SEQPACKET:
            return "seqpacket";
        default:
            return {};
    }
}

FdType internet_type(int domain, int type, int protocol) {
    const bool six = domain == AF_INET6;
    if (type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP))
        return six ? FdType::tcp6 : FdType::tcp;
    if (type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP))
        return six ? FdType::udp6 : FdType::udp;
    return FdType::socket;
}

}  // namespace

std::optional<SocketReader::State> state_of_new_socket(const CallEntry& entry) {
    const bool is_pair = entry.call == Call::socketpair;
    if (!entry.args_known || (entry.call != Call::socket && !is_pair)) return std::nullopt;
    const int domain = entry.number(0);
    const int type = entry.number(1) & kTypeMask;
    SocketReader::State state;
    SocketInfo info;
    if (domain == AF_UNIX) {
        info.kind = kind_of(type);
        if (info.kind.empty()) return std::nullopt;
        state.type = FdType::unix_socket;
        if (is_pair) info.state = SocketState::established;
    } else if (domain == AF_INET || domain == AF_INET6) {
        state.type = internet_type(domain, type, entry.number(2));
        if (state.type == FdType::socket || is_pair) return std::nullopt;
        if (is_in(state.type, FdGroup::tcp)) info.state = SocketState::close;
    } else {
        return std::nullopt;
    }
    state.info = std::make_shared<const SocketInfo>(std::move(info));
    return state;
}

SocketReader::SocketReader(const ProcRoot& root, SocketProbe::Options options)
    : root_(root), with_totals_(options.tcp == TcpDetails::wanted), probe_(asker_, options) {}

bool SocketReader::add(std::uint64_t id, std::uint64_t copy_of, const CallEntry* entry) {
    State state;
    const auto original = sockets_.find(copy_of);
    const auto made = entry != nullptr ? state_of_new_socket(*entry) : std::nullopt;
    if (original != sockets_.end())
        state = original->second;
    else if (made)
        state = *made;
    state.cookie = 0;  // every descriptor follows the end of its socket by itself
    sockets_[id] = state;
    return state.info != nullptr;
}

std::optional<EventKind> SocketReader::ask(std::uint64_t id, const Asked& asked, SteadyTime now) {
    State& state = sockets_[id];
    const auto before = state.info;
    SocketQuery query;
    query.process = asked.process;
    query.access = asked.access;
    query.fd = asked.fd;
    query.inode = asked.inode;
    // A table takes milliseconds, for which the caller stands still: the last resort.
    const bool by_copy = probe_.may_copy(*asked.process, *asked.access, now);
    query.tables = by_copy ? SocketQuery::Tables::later : SocketQuery::Tables::now;
    query.type = state.type;
    query.info = state.info;
    query.cookie = state.cookie;
    if (!probe_.add(std::move(query), now)) return std::nullopt;
    const auto use = [&](const SocketQuery& answer) {
        state.type = answer.type;
        state.info = answer.info;
        state.cookie = answer.cookie;
        if (answer.totals) state.totals = answer.totals;
    };
    for (const SocketQuery& answer : probe_.ask(root_, now)) use(answer);
    for (const SocketQuery& answer : probe_.look_up(root_)) use(answer);
    probe_.clear();
    return socket_progress(before.get(), state.info.get());
}

bool SocketReader::may_still_change(std::uint64_t id) {
    const State& state = sockets_[id];
    return (with_totals_ && is_tcp_connection(state.type, state.info.get())) ||
           logfia::may_still_change(state.type, state.info.get());
}

bool SocketReader::is_connecting(std::uint64_t id) {
    const auto& info = sockets_[id].info;
    return info != nullptr && info->state == SocketState::syn_sent;
}

std::optional<TcpTotals> SocketReader::remove(std::uint64_t id) {
    const auto found = sockets_.find(id);
    if (found == sockets_.end()) return std::nullopt;
    const State state = std::move(found->second);
    sockets_.erase(found);
    if (!with_totals_ || !is_tcp_connection(state.type, state.info.get())) return std::nullopt;
    probe_.hear_ends();
    return probe_.final_totals(state.cookie, state.info.get(), state.totals);
}

}  // namespace logfia
