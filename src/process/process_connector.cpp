#include <logfia/process/process_connector.hpp>

#include <arpa/inet.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace logfia {
namespace {

// Values of proc_event::what, which different versions of the headers define in different places.
constexpr std::uint32_t kNone = 0;
constexpr std::uint32_t kFork = 0x00000001;
constexpr std::uint32_t kExec = 0x00000002;
constexpr std::uint32_t kComm = 0x00000200;
constexpr std::uint32_t kExit = 0x80000000;

// Where the parts of a datagram with one message begin.
constexpr std::uint32_t kEventAt = NLMSG_HDRLEN + sizeof(cn_msg);
constexpr std::uint32_t kDataAt = kEventAt + 16;  // what, cpu, timestamp_ns

/// struct proc_input, which older headers lack. Older kernels read the first member alone.
struct Subscription {
    std::uint32_t operation = 0;
    std::uint32_t events = 0;
};

template <class Value>
Value value_at(std::span<const std::byte> bytes, std::size_t at) {
    Value value{};
    if (at + sizeof value <= bytes.size()) std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

sock_filter load(std::uint32_t at) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at);
}

/// Classic BPF takes what it loads for big-endian.
sock_filter jump_if(std::uint32_t value, std::uint8_t then, std::uint8_t otherwise) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(value), then, otherwise);
}

/// Drops news of threads in the kernel: threads come and go, and get names, far more often than
/// processes, and need not wake us. News are about a process when the numbers of the thread and of
/// its process are equal.
void drop_threads(int socket, bool names) {
    const std::uint8_t of_names = names ? 0 : 5;  // 5: to where they are dropped
    const std::uint32_t of_fork = kDataAt + 8;    // behind those of the parent
    const std::array<sock_filter, 17> program{{
        load(kEventAt),
        jump_if(kFork, 0, 6),
        load(of_fork),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        load(of_fork + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
        jump_if(kExit, 1, 0),
        jump_if(kComm, of_names, 6),
        load(kDataAt),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        load(kDataAt + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    }};
    sock_fprog filter{};
    filter.len = program.size();
    filter.filter = const_cast<sock_filter*>(program.data());
    // Without the filter, threads only wake us needlessly.
    setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

void enlarge_buffer(int socket) {
    const int bytes = 8 << 20;
    if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool subscribe(int socket, const Subscription& subscription, std::size_t length) {
    std::array<std::byte, kEventAt + sizeof(Subscription)> message{};
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(kEventAt + length);
    header.nlmsg_type = NLMSG_DONE;
    header.nlmsg_pid = static_cast<std::uint32_t>(getpid());
    cn_msg connector{};
    connector.id.idx = CN_IDX_PROC;
    connector.id.val = CN_VAL_PROC;
    connector.len = static_cast<std::uint16_t>(length);
    std::memcpy(message.data(), &header, sizeof header);
    std::memcpy(message.data() + NLMSG_HDRLEN, &connector, sizeof connector);
    std::memcpy(message.data() + kEventAt, &subscription, length);
    return send(socket, message.data(), header.nlmsg_len, 0) >= 0;
}

/// The kernel's answer to a subscription, which is there as soon as the subscription was sent
/// (cn_proc_ack(), drivers/connector/cn_proc.c). No answer: the kernel does not serve our
/// namespaces.
std::optional<int> acknowledged(int socket) {
    std::array<std::byte, 4096> buffer;
    for (;;) {
        const ssize_t got = recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0) return std::nullopt;
        const std::span datagram(buffer.data(), static_cast<std::size_t>(got));
        if (datagram.size() < kDataAt + 4 || value_at<std::uint32_t>(datagram, kEventAt) != kNone)
            continue;
        return value_at<int>(datagram, kDataAt);
    }
}

ProcessEvent exit_of(std::span<const std::byte> event, pid_t pid) {
    ProcessEvent exit{ProcessEvent::Kind::exit, pid, 0};
    if (event.size() >= 16 + 12) exit.exit_code = value_at<int>(event, 16 + 8);
    return exit;
}

std::optional<ProcessEvent> parse_one(std::span<const std::byte> event) {
    const auto pid = [&](std::size_t index) { return value_at<pid_t>(event, 16 + 4 * index); };
    if (event.size() < 16 + 8) return std::nullopt;
    switch (value_at<std::uint32_t>(event, 0)) {
        case kFork:
            if (event.size() < 16 + 16 || pid(2) != pid(3)) return std::nullopt;
            return ProcessEvent{ProcessEvent::Kind::fork, pid(3), pid(1)};
        case kExec:
            return ProcessEvent{ProcessEvent::Kind::exec, pid(1), 0};
        case kComm: {
            ProcessEvent renamed{ProcessEvent::Kind::comm, pid(1), 0};
            if (event.size() < 16 + 8 + renamed.comm.size() || pid(0) != pid(1))
                return std::nullopt;
            std::memcpy(renamed.comm.data(), event.data() + 16 + 8, renamed.comm.size());
            return renamed;
        }
        case kExit:
            if (pid(0) != pid(1)) return std::nullopt;
            return exit_of(event, pid(1));
        default:
            return std::nullopt;
    }
}

}  // namespace

Result<ProcessConnector> ProcessConnector::open() {
    const auto refused = [](int code, const char* advice) {
        return Error{"listen to", "the kernel's process connector", code, advice};
    };
    UniqueFd socket(
        ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
    if (!socket) return refused(errno, "this kernel has none, or none for this network namespace");
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = CN_IDX_PROC;
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    if (bind(socket.get(), any, sizeof address) != 0) return refused(errno, "");
    enlarge_buffer(socket.get());
    address.nl_groups = 0;
    if (connect(socket.get(), any, sizeof address) != 0) return refused(errno, "");
    if (!subscribe(socket.get(), {PROC_CN_MCAST_LISTEN, 0}, sizeof(std::uint32_t)))
        return refused(errno, "it does not serve this network namespace");
    const auto answer = acknowledged(socket.get());
    if (!answer) return refused(0, "it does not serve this PID or user namespace");
    if (*answer != 0) return refused(*answer, "before Linux 6.6 it serves only root");
    // Subscribe once more with a mask, which would have suppressed the answer above; older kernels
    // ignore the mask.
    subscribe(socket.get(), {PROC_CN_MCAST_LISTEN, kFork | kExec | kComm | kExit},
              sizeof(Subscription));
    drop_threads(socket.get(), true);
    return ProcessConnector(std::move(socket));
}

ProcessConnector::Reading ProcessConnector::read(std::vector<ProcessEvent>& out) {
    std::array<std::byte, 4096> buffer;
    for (int i = 0; i < kMostAtOnce; ++i) {
        sockaddr_nl from{};
        socklen_t length = sizeof from;
        const ssize_t got = recvfrom(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT,
                                     reinterpret_cast<sockaddr*>(&from), &length);
        if (got < 0 && errno == EINTR) continue;
        // The kernel has dropped what came after all that is still to be read
        // (netlink_overrun(), net/netlink/af_netlink.c).
        if (got < 0 && errno == ENOBUFS) return Reading::overflowed;
        if (got < 0) return Reading::complete;
        if (from.nl_pid != 0) continue;  // not from the kernel
        parse_process_events(std::span(buffer.data(), static_cast<std::size_t>(got)), out);
    }
    return Reading::more;
}

void ProcessConnector::hear_names(bool hear) {
    if (hear == hears_names_) return;
    hears_names_ = hear;
    drop_threads(socket_.get(), hear);
}

void parse_process_events(std::span<const std::byte> datagram, std::vector<ProcessEvent>& out) {
    while (datagram.size() >= kEventAt) {
        const std::size_t length = value_at<std::uint32_t>(datagram, 0);
        const auto id = value_at<cb_id>(datagram, NLMSG_HDRLEN);
        if (length < kEventAt || length > datagram.size()) return;
        if (id.idx == CN_IDX_PROC && id.val == CN_VAL_PROC) {
            if (const auto event = parse_one(datagram.subspan(kEventAt, length - kEventAt)))
                out.push_back(*event);
        }
        datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(length), datagram.size()));
    }
}

}  // namespace logfia
