#include <logfia/event/fd_type.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>

namespace logfia {
namespace {

constexpr std::uint16_t in(std::initializer_list<FdGroup> groups) {
    std::uint16_t bits = 0;
    for (const FdGroup group : groups) bits |= static_cast<std::uint16_t>(group);
    return bits;
}

using G = FdGroup;
using D = FdDetail;

constexpr std::uint16_t kFile = in({G::real_file, G::path, G::position});
constexpr std::uint16_t kDevice = in({G::path, G::same_link});
constexpr std::uint16_t kTcp = in({G::socket, G::inet, G::internet, G::tcp});
constexpr std::uint16_t kUdp = in({G::socket, G::inet, G::internet, G::datagram});
constexpr std::uint16_t kDatagram = in({G::socket, G::internet, G::datagram});
constexpr std::uint16_t kRaw = in({G::socket, G::internet, G::datagram, G::raw});
constexpr std::uint16_t kUntabled = in({G::socket, G::internet, G::no_table});
constexpr std::uint16_t kSocket = in({G::socket});
constexpr std::uint16_t kObject = in({G::object});
constexpr std::uint16_t kWatcher = in({G::object, G::targets});

// Links: the names that the callers of anon_inode_getfd() give, namespaces(7), memfd_create(2),
// memfd_secret(2). Pidfds have a filesystem of their own since Linux 6.9. Protocols: what
// `system.sockprotoname` tells; UNIX-STREAM since Linux 5.15.
// The first row whose pattern fits counts: `anon_inode:*` stays last.
constexpr std::array kTypes = std::to_array<FdTypeRow>({
    {FdType::unknown, "", in({G::path}), D::none, "", ""},
    {FdType::file, "file", kFile, D::none, "", ""},
    {FdType::directory, "directory", in({G::real_file, G::path}), D::none, "", ""},
    {FdType::symlink, "symlink", in({G::path}), D::none, "", ""},
    {FdType::block, "block", in({G::path, G::position, G::same_link}), D::none, "", ""},
    {FdType::character, "char", kDevice, D::none, "", ""},
    {FdType::tty, "tty", kDevice, D::none, "", ""},
    {FdType::fifo, "fifo", kDevice, D::none, "", ""},
    {FdType::pipe, "pipe", in({G::same_link}), D::none, "pipe:[*", ""},
    {FdType::memfd, "memfd", in({G::path, G::position, G::same_link}), D::none,
     "/memfd:* (deleted)|/secretmem (deleted)", ""},
    {FdType::tcp, "tcp", kTcp, D::address, "", "TCP"},
    {FdType::tcp6, "tcp6", kTcp, D::address, "", "TCPv6"},
    {FdType::udp, "udp", kUdp, D::address, "", "UDP"},
    {FdType::udp6, "udp6", kUdp, D::address, "", "UDPv6"},
    {FdType::udplite, "udplite", kDatagram, D::address, "", "UDP-Lite"},
    {FdType::udplite6, "udplite6", kDatagram, D::address, "", "UDPLITEv6"},
    {FdType::raw, "raw", kRaw, D::address, "", "RAW"},
    {FdType::raw6, "raw6", kRaw, D::address, "", "RAWv6"},
    {FdType::icmp, "icmp", kDatagram, D::address, "", "PING"},
    {FdType::icmp6, "icmp6", kDatagram, D::address, "", "PINGv6"},
    {FdType::unix_socket, "unix", kSocket, D::name, "", "UNIX|UNIX-STREAM"},
    {FdType::netlink, "netlink", kSocket, D::name, "", "NETLINK"},
    {FdType::packet, "packet", kSocket, D::name, "", "PACKET"},
    {FdType::vsock, "vsock", in({G::socket, G::no_table}), D::address, "", "AF_VSOCK"},
    {FdType::mptcp, "mptcp", kUntabled, D::address, "", "MPTCP|MPTCPv6"},
    {FdType::sctp, "sctp", kUntabled, D::address, "", "SCTP|SCTPv6"},
    {FdType::socket, "socket", kSocket, D::family, "socket:[*", ""},
    {FdType::eventfd, "eventfd", kObject, D::none, "anon_inode:[eventfd]", ""},
    {FdType::epoll, "epoll", kWatcher, D::none, "anon_inode:[eventpoll]", ""},
    {FdType::inotify, "inotify", kWatcher, D::none, "anon_inode:inotify", ""},
    {FdType::fanotify, "fanotify", kWatcher, D::none, "anon_inode:[fanotify]", ""},
    {FdType::signalfd, "signalfd", kObject, D::none, "anon_inode:[signalfd]", ""},
    {FdType::timerfd, "timerfd", kObject, D::none, "anon_inode:[timerfd]", ""},
    {FdType::pidfd, "pidfd", kObject, D::none, "anon_inode:[pidfd]|pidfd:[*", ""},
    {FdType::io_uring, "io_uring", kWatcher, D::none, "anon_inode:[io_uring]", ""},
    {FdType::userfaultfd, "userfaultfd", kObject, D::none, "anon_inode:[userfaultfd]", ""},
    {FdType::perf_event, "perf_event", kObject, D::none, "anon_inode:[perf_event]", ""},
    {FdType::bpf, "bpf", kObject, D::none, "anon_inode:bpf*|anon_inode:btf", ""},
    {FdType::name_space, "namespace", kObject, D::none,
     "cgroup:[*|ipc:[*|mnt:[*|net:[*|pid:[*|time:[*|user:[*|uts:[*", ""},
    {FdType::anon_inode, "anon_inode", kObject, D::none, "anon_inode:*", ""},
});

constexpr bool rows_are_in_place() {
    for (std::size_t i = 0; i < kTypes.size(); ++i)
        if (static_cast<std::size_t>(kTypes[i].type) != i) return false;
    return true;
}
static_assert(kTypes.size() == kFdTypeCount && rows_are_in_place(),
              "row_of() finds a row by its type");

/// `pattern` has at most one `*`.
bool fits(std::string_view text, std::string_view pattern) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return text == pattern;
    const std::string_view tail = pattern.substr(star + 1);
    return text.size() >= pattern.size() - 1 && text.starts_with(pattern.substr(0, star)) &&
           text.ends_with(tail);
}

bool fits_any(std::string_view text, std::string_view patterns) {
    while (!patterns.empty()) {
        const std::size_t bar = std::min(patterns.find('|'), patterns.size());
        if (fits(text, patterns.substr(0, bar))) return true;
        patterns.remove_prefix(std::min(bar + 1, patterns.size()));
    }
    return false;
}

FdType type_with(std::string_view text, std::string_view FdTypeRow::*patterns) {
    for (const FdTypeRow& row : kTypes)
        if (fits_any(text, row.*patterns)) return row.type;
    return FdType::unknown;
}

}  // namespace

std::span<const FdTypeRow> fd_types() {
    return kTypes;
}

const FdTypeRow& row_of(FdType type) {
    return kTypes[static_cast<std::size_t>(type)];
}

FdType type_of_link(std::string_view link) {
    return link.starts_with('/') ? FdType::unknown : type_with(link, &FdTypeRow::links);
}

FdType type_of_unmounted(std::string_view link) {
    return type_with(link, &FdTypeRow::links);
}

FdType type_of_protocol(std::string_view name) {
    return type_with(name, &FdTypeRow::protocols);
}

}  // namespace logfia
