// Sockets of the test itself, on the loopback, found in the tables of this kernel.
#include <logfia/base/unique_fd.hpp>
#include <logfia/socket/socket_tables.hpp>
#include <logfia/socket/socket_type_hint.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <support/temp_dir.hpp>

namespace logfia {
namespace {

/// A socket address of any family, in the form that the system calls take.
struct Address {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;

    [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address internet(const char* text, in_port_t port) {
    Address address;
    auto* const six = reinterpret_cast<sockaddr_in6*>(&address.storage);
    auto* const four = reinterpret_cast<sockaddr_in*>(&address.storage);
    if (::inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = port;
        address.length = sizeof *six;
    } else {
        EXPECT_EQ(::inet_pton(AF_INET, text, &four->sin_addr), 1);
        four->sin_family = AF_INET;
        four->sin_port = port;
        address.length = sizeof *four;
    }
    return address;
}

Address unix_address(const std::string& path) {
    Address address;
    auto* const unix_part = reinterpret_cast<sockaddr_un*>(&address.storage);
    unix_part->sun_family = AF_UNIX;
    EXPECT_LE(path.size(), sizeof unix_part->sun_path);
    std::memcpy(unix_part->sun_path, path.data(), path.size());
    address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    return address;
}

/// In network byte order, as it is used again.
in_port_t port_of(int fd) {
    Address own;
    EXPECT_EQ(::getsockname(fd, own.get(), &own.length), 0);
    return own.storage.ss_family == AF_INET6
               ? reinterpret_cast<sockaddr_in6*>(&own.storage)->sin6_port
               : reinterpret_cast<sockaddr_in*>(&own.storage)->sin_port;
}

UniqueFd make_socket(int family, int type, int protocol = 0) {
    return UniqueFd(::socket(family, type | SOCK_CLOEXEC, protocol));
}

WantedSocket find(int fd, FdType hint) {
    struct stat status {};
    EXPECT_EQ(::fstat(fd, &status), 0);
    WantedSocket socket;
    socket.inode = status.st_ino;
    socket.hint = hint;
    const UniqueFd self(::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC));
    SocketTables tables;
    tables.resolve(self.get(), {&socket, 1});
    EXPECT_TRUE(socket.looked);
    return socket;
}

FdType hint_of(int fd) {
    const UniqueFd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return socket_type_hint(proc.get(), "self", fd).type;
}

std::string text(const std::optional<Endpoint>& endpoint) {
    std::string out;
    if (endpoint) append_endpoint(out, *endpoint);
    return out;
}

/// Every socket is looked for with what the kernel hints, and with no hint at all.
void expect_found(int fd, FdType type, const SocketInfo& expected) {
    const auto hint = hint_of(fd);
    EXPECT_TRUE(hint == type || hint == FdType::socket) << to_string(hint);
    for (const auto given : {hint, FdType::socket}) {
        const auto socket = find(fd, given);
        ASSERT_TRUE(socket.found) << to_string(type);
        EXPECT_EQ(to_string(socket.type), to_string(type));
        EXPECT_EQ(to_string(socket.info->state), to_string(expected.state));
        EXPECT_EQ(text(socket.info->local), text(expected.local));
        EXPECT_EQ(text(socket.info->remote), text(expected.remote));
        EXPECT_EQ(socket.info->path, expected.path);
        EXPECT_EQ(socket.info->protocol, expected.protocol);
    }
}

Endpoint endpoint(const char* address, in_port_t port) {
    Endpoint result;
    const bool six = ::inet_pton(AF_INET6, address, result.address.bytes.data()) == 1;
    result.address.family = six ? IpFamily::v6 : IpFamily::v4;
    if (!six) {
        EXPECT_EQ(::inet_pton(AF_INET, address, result.address.bytes.data()), 1);
    }
    result.port = ntohs(port);
    return result;
}

/// Binds, listens, connects and accepts; the client's end and the listener are looked for. Says
/// false when the machine has no such address.
bool follow_tcp(const char* address, const char* from, FdType listener_type, FdType client_type,
                const char* shown) {
    auto where = internet(address, 0);
    const auto listener = make_socket(where.storage.ss_family, SOCK_STREAM);
    if (!listener || ::bind(listener.get(), where.get(), where.length) != 0) return false;
    EXPECT_EQ(::listen(listener.get(), 4), 0);
    const auto port = port_of(listener.get());
    SocketInfo listening;
    listening.state = SocketState::listen;
    listening.local = endpoint(address, port);
    expect_found(listener.get(), listener_type, listening);

    auto target = internet(from, port);
    const auto client = make_socket(target.storage.ss_family, SOCK_STREAM);
    if (!client || ::connect(client.get(), target.get(), target.length) != 0) return false;
    SocketInfo connected;
    connected.state = SocketState::established;
    connected.local = endpoint(shown, port_of(client.get()));
    connected.remote = endpoint(shown, port);
    expect_found(client.get(), client_type, connected);
    return true;
}

TEST(RealSockets, Tcp) {
    ASSERT_TRUE(follow_tcp("127.0.0.1", "127.0.0.1", FdType::tcp, FdType::tcp, "127.0.0.1"));
}

TEST(RealSockets, Tcp6) {
    if (!follow_tcp("::1", "::1", FdType::tcp6, FdType::tcp6, "::1")) {
        GTEST_SKIP() << "this machine has no IPv6 loopback: " << strerror(errno);
    }
}

TEST(RealSockets, Tcp6WithAMappedPeer) {
    if (!follow_tcp("::", "::ffff:127.0.0.1", FdType::tcp6, FdType::tcp6, "127.0.0.1")) {
        GTEST_SKIP() << "this machine has no IPv6: " << strerror(errno);
    }
}

TEST(RealSockets, Tcp6ThatBecameTcp) {
    const auto listener = make_socket(AF_INET, SOCK_STREAM);
    auto where = internet("127.0.0.1", 0);
    ASSERT_EQ(::bind(listener.get(), where.get(), where.length), 0);
    ASSERT_EQ(::listen(listener.get(), 4), 0);
    auto target = internet("::ffff:127.0.0.1", port_of(listener.get()));
    const auto client = make_socket(AF_INET6, SOCK_STREAM);
    if (!client || ::connect(client.get(), target.get(), target.length) != 0) {
        GTEST_SKIP() << "this machine has no IPv6: " << strerror(errno);
    }
    const int family = AF_INET;
    if (::setsockopt(client.get(), IPPROTO_IPV6, IPV6_ADDRFORM, &family, sizeof family) != 0) {
        GTEST_SKIP() << "IPV6_ADDRFORM is refused: " << strerror(errno);
    }
    const auto socket = find(client.get(), hint_of(client.get()));
    ASSERT_TRUE(socket.found);
    EXPECT_EQ(socket.type, FdType::tcp);
}

TEST(RealSockets, TcpThatIsNotConnectedIsInNoTable) {
    const auto fd = make_socket(AF_INET, SOCK_STREAM);
    const auto socket = find(fd.get(), FdType::tcp);
    EXPECT_FALSE(socket.found);
    EXPECT_TRUE(socket.looked);
}

TEST(RealSockets, Udp) {
    auto where = internet("127.0.0.1", 0);
    const auto bound = make_socket(AF_INET, SOCK_DGRAM);
    ASSERT_EQ(::bind(bound.get(), where.get(), where.length), 0);
    SocketInfo info;
    info.local = endpoint("127.0.0.1", port_of(bound.get()));
    expect_found(bound.get(), FdType::udp, info);

    auto target = internet("127.0.0.1", port_of(bound.get()));
    const auto client = make_socket(AF_INET, SOCK_DGRAM);
    ASSERT_EQ(::connect(client.get(), target.get(), target.length), 0);
    info.state = SocketState::established;
    info.remote = info.local;
    info.local = endpoint("127.0.0.1", port_of(client.get()));
    expect_found(client.get(), FdType::udp, info);
}

TEST(RealSockets, Udp6) {
    auto where = internet("::1", 0);
    const auto fd = make_socket(AF_INET6, SOCK_DGRAM);
    if (!fd || ::bind(fd.get(), where.get(), where.length) != 0) {
        GTEST_SKIP() << "this machine has no IPv6 loopback: " << strerror(errno);
    }
    SocketInfo info;
    info.local = endpoint("::1", port_of(fd.get()));
    expect_found(fd.get(), FdType::udp6, info);
}

TEST(RealSockets, UnixPaths) {
    const test::TempDir directory;
    for (const std::string name :
         {"plain", " two  spaces ", "new\nline", "\n", "high\xff", "tab\t"}) {
        const auto path = directory.path() + "/" + name;
        auto where = unix_address(path);
        const auto fd = make_socket(AF_UNIX, SOCK_STREAM);
        ASSERT_EQ(::bind(fd.get(), where.get(), where.length), 0) << strerror(errno);
        SocketInfo info;
        info.path = path;
        expect_found(fd.get(), FdType::unix_socket, info);
        ASSERT_EQ(::listen(fd.get(), 4), 0);
        info.state = SocketState::listen;
        expect_found(fd.get(), FdType::unix_socket, info);
    }
}

TEST(RealSockets, UnixAbstractNames) {
    const auto unique = "logfia-" + std::to_string(::getpid());
    auto where = unix_address(std::string("\0", 1) + unique + std::string("\0x\n", 3));
    const auto fd = make_socket(AF_UNIX, SOCK_DGRAM);
    ASSERT_EQ(::bind(fd.get(), where.get(), where.length), 0) << strerror(errno);
    SocketInfo info;
    info.path = "@" + unique + "@x\n";
    expect_found(fd.get(), FdType::unix_socket, info);
}

TEST(RealSockets, UnixPairs) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const UniqueFd one(ends[0]);
    const UniqueFd other(ends[1]);
    SocketInfo info;
    info.state = SocketState::established;
    expect_found(one.get(), FdType::unix_socket, info);
}

TEST(RealSockets, Netlink) {
    const auto fd = make_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (!fd) GTEST_SKIP() << "no netlink socket: " << strerror(errno);
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&own), sizeof own), 0);
    SocketInfo info;
    info.protocol = "route";
    expect_found(fd.get(), FdType::netlink, info);
}

TEST(RealSockets, Packet) {
    const auto fd = make_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    if (!fd) GTEST_SKIP() << "no packet socket (CAP_NET_RAW is needed): " << strerror(errno);
    SocketInfo info;
    info.protocol = "0x0003";
    expect_found(fd.get(), FdType::packet, info);
}

TEST(RealSockets, Raw) {
    const auto fd = make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    if (!fd) GTEST_SKIP() << "no raw socket (CAP_NET_RAW is needed): " << strerror(errno);
    SocketInfo info;
    info.local = endpoint("0.0.0.0", htons(IPPROTO_ICMP));
    expect_found(fd.get(), FdType::raw, info);
}

TEST(RealSockets, HintsOfWhatIsNoSocket) {
    const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(hint_of(file.get()), FdType::socket);
    EXPECT_EQ(hint_of(1 << 20), FdType::socket);
    EXPECT_EQ(socket_type_hint(-1, "self", 0).type, FdType::socket);
    EXPECT_EQ(socket_type_hint(0, std::string(200, '0').c_str(), 0).type, FdType::socket);
}

TEST(TypeOfProtocolName, KnowsTheKernelsNames) {
    EXPECT_EQ(hint_of_protocol_name("TCP").type, FdType::tcp);
    EXPECT_EQ(hint_of_protocol_name("UDPLITEv6").type, FdType::udplite6);
    EXPECT_EQ(hint_of_protocol_name("PINGv6").type, FdType::icmp6);
    EXPECT_EQ(hint_of_protocol_name("UNIX-STREAM").type, FdType::unix_socket);
    EXPECT_EQ(hint_of_protocol_name("AF_VSOCK").type, FdType::vsock);
    EXPECT_EQ(hint_of_protocol_name("MPTCPv6").type, FdType::mptcp);
    EXPECT_EQ(hint_of_protocol_name("ALG").family, "alg");
    EXPECT_EQ(hint_of_protocol_name("").type, FdType::socket);
}

}  // namespace
}  // namespace logfia
