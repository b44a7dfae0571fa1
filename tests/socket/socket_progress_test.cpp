#include <logfia/socket/socket_progress.hpp>

#include <gtest/gtest.h>

namespace logfia {
namespace {

Endpoint at(std::uint8_t last, std::uint16_t port) {
    Endpoint endpoint;
    endpoint.address.bytes = {127, 0, 0, last};
    endpoint.port = port;
    return endpoint;
}

SocketInfo with_peer(std::uint8_t last, SocketState state = SocketState::established) {
    SocketInfo info;
    info.state = state;
    info.remote = at(last, 53);
    return info;
}

SocketInfo in_state(SocketState state) {
    SocketInfo info;
    info.state = state;
    return info;
}

TEST(SocketProgress, TellsConnectAndListenOnce) {
    const SocketInfo nothing;
    const SocketInfo listening = in_state(SocketState::listen);
    const SocketInfo one = with_peer(1);
    const SocketInfo other = with_peer(2);
    EXPECT_EQ(socket_progress(nullptr, nullptr), std::nullopt);
    EXPECT_EQ(socket_progress(&nothing, &nothing), std::nullopt);
    EXPECT_EQ(socket_progress(nullptr, &one), EventKind::connect);
    EXPECT_EQ(socket_progress(&nothing, &one), EventKind::connect);
    EXPECT_EQ(socket_progress(&one, &one), std::nullopt);
    EXPECT_EQ(socket_progress(&one, &other), EventKind::connect) << "a datagram socket may";
    EXPECT_EQ(socket_progress(&one, &nothing), std::nullopt) << "no record says so";
    EXPECT_EQ(socket_progress(&nothing, &listening), EventKind::listen);
    EXPECT_EQ(socket_progress(&listening, &listening), std::nullopt);
}

TEST(SocketProgress, AConnectionThatIsMadeIsToldWhenItBegins) {
    const SocketInfo nothing;
    const SocketInfo begun = with_peer(1, SocketState::syn_sent);
    const SocketInfo made = with_peer(1);
    EXPECT_EQ(socket_progress(&nothing, &begun), EventKind::connect);
    EXPECT_EQ(socket_progress(&begun, &made), std::nullopt);
}

TEST(SocketProgress, AUnixSocketIsToldApartByItsPeersName) {
    SocketInfo one = in_state(SocketState::established);
    one.peer_path = "/run/one";
    SocketInfo other = one;
    EXPECT_EQ(socket_progress(&one, &other), std::nullopt);
    other.peer_path = "/run/other";
    EXPECT_EQ(socket_progress(&one, &other), EventKind::connect);
}

TEST(SocketProgress, WhatIsAskedForAgain) {
    const SocketInfo nothing;
    const SocketInfo connected = with_peer(1);
    const SocketInfo connecting = with_peer(1, SocketState::syn_sent);
    const SocketInfo listening = in_state(SocketState::listen);
    for (const FdType type : {FdType::tcp, FdType::tcp6, FdType::mptcp, FdType::sctp}) {
        EXPECT_TRUE(may_still_change(type, nullptr));
        EXPECT_TRUE(may_still_change(type, &nothing));
        EXPECT_TRUE(may_still_change(type, &connecting));
        EXPECT_FALSE(may_still_change(type, &connected));
        EXPECT_FALSE(may_still_change(type, &listening));
    }
    EXPECT_TRUE(may_still_change(FdType::udp, &connected)) << "it may connect elsewhere";
    EXPECT_TRUE(may_still_change(FdType::icmp6, &connected));
}

TEST(SocketProgress, WhatIsAskedForAgainOfTheOtherFamilies) {
    SocketInfo dgram = in_state(SocketState::established);
    dgram.kind = "dgram";
    SocketInfo stream = dgram;
    stream.kind = "stream";
    EXPECT_TRUE(may_still_change(FdType::unix_socket, &dgram));
    EXPECT_FALSE(may_still_change(FdType::unix_socket, &stream));
    SocketInfo bound;
    EXPECT_TRUE(may_still_change(FdType::netlink, &bound));
    EXPECT_TRUE(may_still_change(FdType::packet, &bound));
    bound.port_id = 4242;
    bound.interface = 1;
    EXPECT_FALSE(may_still_change(FdType::netlink, &bound));
    EXPECT_FALSE(may_still_change(FdType::packet, &bound));
    SocketInfo alg;
    alg.family = "alg";
    EXPECT_FALSE(may_still_change(FdType::socket, &alg));
}

TEST(SocketProgress, NobodyIsToldToBeTheirOwnPeer) {
    auto info = std::make_shared<SocketInfo>();
    info->path = "/run/bus";
    EXPECT_EQ(without_peer(42, nullptr), nullptr);
    EXPECT_EQ(without_peer(42, info), info);
    info->peer = PeerProcess{42, "cat"};
    EXPECT_EQ(without_peer(43, info), info);
    const auto own = without_peer(42, info);
    EXPECT_FALSE(own->peer);
    EXPECT_EQ(own->path, "/run/bus");
}

TEST(SocketProgress, OnlyThatItHasNoPeerIsOutdated) {
    const auto is_outdated = [](FdType type, const SocketInfo& info) {
        return outdated(type, std::make_shared<const SocketInfo>(info))->outdated;
    };
    EXPECT_EQ(outdated(FdType::tcp, nullptr), nullptr);
    for (const FdType type : {FdType::tcp, FdType::udp6, FdType::raw, FdType::mptcp, FdType::vsock})
        EXPECT_TRUE(is_outdated(type, {}));
    EXPECT_FALSE(is_outdated(FdType::tcp, with_peer(1)));
    EXPECT_FALSE(is_outdated(FdType::udp, with_peer(1)));
    EXPECT_FALSE(is_outdated(FdType::tcp, in_state(SocketState::listen)));
    EXPECT_FALSE(is_outdated(FdType::unix_socket, {}));
}

TEST(SocketProgress, OfAClosedConnectionOnlyWhatLastsIsTold) {
    const auto state_of = [](FdType type, SocketState state) {
        SocketInfo info = with_peer(1);
        info.state = state;
        return as_closed(type, std::make_shared<const SocketInfo>(info))->state;
    };
    EXPECT_EQ(as_closed(FdType::tcp, nullptr), nullptr);
    EXPECT_EQ(state_of(FdType::tcp, SocketState::close_wait), SocketState::close_wait);
    EXPECT_EQ(state_of(FdType::tcp, SocketState::established), SocketState::unknown);
    EXPECT_EQ(state_of(FdType::tcp6, SocketState::syn_sent), SocketState::unknown);
    EXPECT_EQ(state_of(FdType::tcp, SocketState::fin_wait2), SocketState::unknown);
    EXPECT_EQ(state_of(FdType::udp, SocketState::established), SocketState::established);
    EXPECT_TRUE(as_closed(FdType::tcp, std::make_shared<const SocketInfo>())->outdated);
    const auto listener = std::make_shared<const SocketInfo>(in_state(SocketState::listen));
    EXPECT_EQ(as_closed(FdType::tcp, listener), listener);
}

TEST(SocketProgress, OnlyTcpConnectionsHaveTotals) {
    Descriptor descriptor;
    descriptor.type = FdType::tcp;
    EXPECT_FALSE(is_tcp_connection(descriptor.type, descriptor.socket.get()));
    descriptor.socket = std::make_shared<const SocketInfo>();
    EXPECT_FALSE(is_tcp_connection(descriptor.type, descriptor.socket.get()));
    descriptor.socket = std::make_shared<const SocketInfo>(with_peer(1));
    EXPECT_TRUE(is_tcp_connection(descriptor.type, descriptor.socket.get()));
    descriptor.type = FdType::udp;
    EXPECT_FALSE(is_tcp_connection(descriptor.type, descriptor.socket.get()));
}

TEST(SocketProgress, OnlySomeUnixSocketsHaveALastingPeer) {
    SocketInfo info;
    const auto has = [&](FdType type = FdType::unix_socket) {
        return has_lasting_peer(type, &info);
    };
    EXPECT_FALSE(has_lasting_peer(FdType::unix_socket, nullptr));
    info.kind = "stream";
    EXPECT_FALSE(has()) << "not connected";
    info.state = SocketState::established;
    EXPECT_TRUE(has());
    EXPECT_FALSE(has(FdType::tcp));
    info.kind = "dgram";
    EXPECT_FALSE(has()) << "it may connect to another";
    info.peer = PeerProcess{7, "maker", true};
    EXPECT_TRUE(has()) << "a pair";
    info.peer_path = "/run/log";
    EXPECT_FALSE(has());
}

}  // namespace
}  // namespace logfia
