#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace logfia {

/// The types of descriptors. `unknown` has no name and is left out of records. All else that is to
/// be known of a type stands in its row in fd_type.cpp, where the rows have the order of this list;
/// nothing else depends on the order.
enum class FdType : std::uint8_t {
    unknown,
    file,
    directory,
    symlink,
    block,
    character,
    tty,
    fifo,
    pipe,
    memfd,
    tcp,
    tcp6,
    udp,
    udp6,
    udplite,
    udplite6,
    raw,
    raw6,
    icmp,
    icmp6,
    unix_socket,
    netlink,
    packet,
    vsock,
    mptcp,
    sctp,
    socket,
    eventfd,
    epoll,
    inotify,
    fanotify,
    signalfd,
    timerfd,
    pidfd,
    io_uring,
    userfaultfd,
    perf_event,
    bpf,
    name_space,
    anon_inode,
};

inline constexpr std::size_t kFdTypeCount = 40;

/// Traits that types have in common, as bits of FdTypeRow::groups.
enum class FdGroup : std::uint16_t {
    real_file = 1 << 0,   ///< `-r`: lives in a filesystem
    path = 1 << 1,        ///< the link is a path
    position = 1 << 2,    ///< fdinfo has a `pos`, where the next read or write happens
    socket = 1 << 3,      ///< `--type socket`
    inet = 1 << 4,        ///< `--type inet`: tcp, tcp6, udp and udp6 alone
    internet = 1 << 5,    ///< a socket with an IP address and a port
    tcp = 1 << 6,         ///< counts what it carries, and has TCP's states
    datagram = 1 << 7,    ///< a socket that can send to any address
    raw = 1 << 8,         ///< the port is a protocol's number
    no_table = 1 << 9,    ///< a socket that no file of /proc/N/net lists
    object = 1 << 10,     ///< fdinfo has lines for this type alone (ObjectInfo)
    targets = 1 << 11,    ///< fdinfo lists what the object watches or holds
    same_link = 1 << 12,  ///< another object may have the same link
};

/// The details that a record shows of a descriptor besides its name.
enum class FdDetail : std::uint8_t {
    none,
    address,  ///< of a socket that has one of its own and one of its peer
    name,     ///< of any other socket: a path or a protocol, with its peer, group or interface
    family,   ///< of a socket whose type is not known otherwise
};

/// Everything that is to be known of one type. Adding a type is adding its name to FdType and its
/// row to fd_type.cpp. Sockets of a new family of addresses also need a place for these in
/// SocketInfo, a question in socket_answer.cpp and their spelling in socket_text.cpp.
struct FdTypeRow {
    FdType type = FdType::unknown;
    std::string_view name;  ///< in records and for `--type`; empty for `unknown`
    std::uint16_t groups = 0;
    FdDetail detail = FdDetail::none;
    /// The kernel's links of such descriptors (proc_pid_fd(5)), separated by `|`; one `*` in each
    /// stands for any bytes. Empty: no link tells this type, as with files.
    std::string_view links;
    /// The kernel's names of the protocol (`struct proto`), separated by `|`.
    std::string_view protocols;
};

/// Every type, `unknown` first.
std::span<const FdTypeRow> fd_types();
const FdTypeRow& row_of(FdType type);

inline std::string_view to_string(FdType type) {
    return row_of(type).name;
}
inline bool is_in(FdType type, FdGroup group) {
    return (row_of(type).groups & static_cast<std::uint16_t>(group)) != 0;
}

/// The type that the text of a link implies; `unknown` for a path, for `?` and for a text that no
/// row matches.
FdType type_of_link(std::string_view link);
/// The type of an object that is on no mount and whose link reads like a path, such as a memfd;
/// `unknown` when it may be a file all the same, as after a lazy unmount.
FdType type_of_unmounted(std::string_view link);
/// `unknown` when no row has the kernel's name of this protocol.
FdType type_of_protocol(std::string_view name);

}  // namespace logfia
