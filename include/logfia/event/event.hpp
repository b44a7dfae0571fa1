#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/object_info.hpp>
#include <logfia/event/socket_info.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logfia {

/// The order is the order of the records of one look.
enum class EventKind : std::uint8_t { lost, close, open, rename, connect, listen };

/// The types of the interface contract; `unknown` has no name there and is left out of records.
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

enum class Access : std::uint8_t { unknown, read, write, read_write, path };

/// What is known of one open descriptor. Whatever is not known is absent.
struct Descriptor {
    /// The source's own number for it, from its `open` to its `close`; never given twice.
    std::uint64_t id = 0;
    int fd = -1;
    FdType type = FdType::unknown;
    Access access = Access::unknown;
    bool deleted = false;     ///< proved: the file has no name any more
    std::uint32_t flags = 0;  ///< open(2) flags as the kernel holds them; 0 when not known
    std::string name;         ///< the kernel's link, any bytes but NUL; `?` when it may not be read
    std::optional<std::uint64_t> inode;
    std::optional<DeviceNumber> device;
    std::optional<std::uint64_t> size;         ///< bytes; files
    std::optional<std::int64_t> pos;           ///< bytes; files
    std::shared_ptr<const SocketInfo> socket;  ///< null: not a socket, or nothing could be learned
    std::shared_ptr<const ObjectInfo> object;  ///< null: nothing more is told of its type
};

/// One thing that was noticed: one record.
struct Event {
    EventKind kind = EventKind::lost;
    Now at;                                     ///< when the look that noticed it began
    std::uint64_t process = 0;                  ///< the source's own number for it, never reused
    std::int32_t pid = 0;                       ///< 0: a `lost` that is about no single process
    std::string comm;                           ///< any bytes
    Descriptor descriptor;                      ///< all but `lost`
    bool initial = false;                       ///< `open` of what was open before the watch began
    std::string old_name;                       ///< `rename`
    std::optional<WallTime> opened;             ///< `close`: the time of its `open`
    std::optional<Duration> held;               ///< `close` of what was not `initial`
    std::optional<TcpTotals> totals;            ///< `close` of a TCP connection, if asked for
    bool at_exit = false;                       ///< `close`: by the end of its process
    std::optional<std::uint64_t> fd_limit;      ///< `open`: the process's RLIMIT_NOFILE, if asked
    std::string reason;                         ///< `lost`
    std::optional<std::uint64_t> missed_ticks;  ///< `lost`
    bool undecided = false;                     ///< a filter waits for the peer's host name
};

/// The names of the interface contract.
std::string_view to_string(EventKind kind);
std::string_view to_string(FdType type);    ///< empty for `unknown`
std::string_view to_string(Access access);  ///< empty for `unknown`

/// True for every socket type, `unix` and `socket` included.
bool is_socket(FdType type);
/// True for the types whose sockets have an address and a port: tcp to icmp6, mptcp and sctp.
bool is_internet(FdType type);
/// True for tcp and tcp6.
bool is_tcp(FdType type);
/// True for udp to icmp6, whose sockets send to whom they like.
bool is_datagram(FdType type);
/// True when an internet socket without a peer has an address of its own.
bool is_bound(FdType type, const SocketInfo& socket);
/// The `state` of an internet socket, as the contract names it; empty when that is not known.
std::string_view state_name(FdType type, const SocketInfo& socket);
/// True for `-r`: what lives in a filesystem, files and directories.
bool is_real_file(FdType type);

}  // namespace logfia
