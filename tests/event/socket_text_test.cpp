#include <logfia/event/socket_text.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace logfia {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Endpoint endpoint(std::uint8_t last, std::uint16_t port) {
    Endpoint made;
    made.address.bytes = {192, 0, 2, last};
    made.port = port;
    return made;
}

SocketInfo bound(std::uint16_t port, SocketState state = SocketState::unknown) {
    SocketInfo info;
    info.local = endpoint(1, port);
    info.state = state;
    return info;
}

SocketInfo connected() {
    SocketInfo info = bound(50000, SocketState::established);
    info.remote = endpoint(80, 443);
    return info;
}

SocketInfo link_local() {
    SocketInfo info;
    Endpoint peer;
    peer.address.family = IpFamily::v6;
    peer.address.bytes = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
    peer.port = 443;
    peer.zone = "eth0";
    info.remote = peer;
    return info;
}

SocketInfo on_vsock(SocketState state, bool has_peer) {
    SocketInfo info;
    info.state = state;
    info.local_vsock = VsockAddress{0xffffffff, 1024};
    if (has_peer) info.remote_vsock = VsockAddress{2, 80};
    return info;
}

SocketInfo named(std::string path, std::string peer_path) {
    SocketInfo info;
    info.path = std::move(path);
    info.peer_path = std::move(peer_path);
    return info;
}

SocketInfo speaking(std::string protocol) {
    SocketInfo info;
    info.protocol = std::move(protocol);
    return info;
}

SocketInfo of_family(std::string_view family) {
    SocketInfo info;
    info.family = family;
    return info;
}

struct NameCase {
    FdType type;
    SocketInfo info;
    std::string_view with_type;
    std::string_view one;
};

TEST(SocketText, ReportsCallSocketsByWhatSaysMost) {
    const NameCase cases[] = {
        {FdType::tcp, connected(), "tcp 192.0.2.80:443", "192.0.2.80:443"},
        {FdType::tcp, bound(80, SocketState::listen), "tcp 192.0.2.1:80 LISTEN", "192.0.2.1:80"},
        {FdType::udp, bound(53), "udp", "192.0.2.1:53"},
        {FdType::tcp6, link_local(), "tcp6 [fe80::7%eth0]:443", "[fe80::7%eth0]:443"},
        {FdType::tcp, {}, "tcp", ""},
        {FdType::unix_socket, named("/run/7/bus", "/run/x"), "unix /run/7/bus", "/run/7/bus"},
        {FdType::unix_socket, named("", "/run/x"), "unix /run/x", "/run/x"},
        {FdType::netlink, speaking("route"), "netlink route", ""},
        {FdType::socket, of_family("alg"), "socket alg", ""},
        {FdType::vsock, on_vsock(SocketState::established, true), "vsock 2:80", ""},
        {FdType::vsock, on_vsock(SocketState::listen, false), "vsock", ""},
    };
    for (const NameCase& one : cases) {
        Descriptor descriptor;
        descriptor.type = one.type;
        descriptor.socket = std::make_shared<const SocketInfo>(one.info);
        EXPECT_EQ(name_with_type(descriptor), one.with_type);
        EXPECT_EQ(address_or_path(one.info), one.one) << one.with_type;
    }
    Descriptor unknown;
    unknown.type = FdType::udp;
    EXPECT_EQ(name_with_type(unknown), "udp") << "nothing is known of it";
}

TEST(SocketText, AWordSaysWhatASocketWithoutAPeerIs) {
    struct Case {
        FdType type;
        SocketInfo info;
        std::string_view word;
    };
    SocketInfo outdated;
    outdated.outdated = true;
    const Case cases[] = {
        {FdType::tcp, bound(80, SocketState::listen), "LISTEN"},
        {FdType::tcp, bound(80), "BOUND"},
        {FdType::raw, bound(1), "BOUND"},
        {FdType::udp, bound(0), "UNCONNECTED"},
        {FdType::udp, {}, "UNCONNECTED"},
        {FdType::udp, outdated, "-"},
        {FdType::vsock, on_vsock(SocketState::unknown, false), "BOUND"},
        {FdType::vsock, {}, "UNCONNECTED"},
    };
    for (const Case& one : cases) EXPECT_EQ(word_without_peer(one.type, one.info), one.word);
}

TEST(SocketText, AnAddressMayBeNamedInSomeWays) {
    const auto texts_of = [](const SocketInfo& socket) {
        std::vector<std::string> texts;
        EXPECT_FALSE(any_spelling_of_address(socket, [&](const std::string& text) {
            texts.push_back(text);
            return false;
        }));
        return texts;
    };
    EXPECT_THAT(texts_of({}), IsEmpty());
    EXPECT_THAT(texts_of(named("/run/x", "")), IsEmpty()) << "a path is no address";
    EXPECT_THAT(texts_of(connected()), ElementsAre("192.0.2.80:443", "192.0.2.80"));
    EXPECT_THAT(texts_of(bound(53)), ElementsAre("192.0.2.1:53", "192.0.2.1"));
    EXPECT_THAT(texts_of(link_local()),
                ElementsAre("[fe80::7%eth0]:443", "fe80::7%eth0", "fe80::7"));
    EXPECT_THAT(texts_of(on_vsock(SocketState::unknown, false)), ElementsAre("*:1024"));
    EXPECT_TRUE(any_spelling_of_address(
        connected(), [](const std::string& text) { return text == "192.0.2.80"; }));
}

}  // namespace
}  // namespace logfia
