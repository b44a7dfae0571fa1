#include <logfia/source/seccomp/socket_reader.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace logfia {
namespace {

CallEntry entry(Call call, int domain, int type, int protocol = 0) {
    CallEntry entry;
    entry.call = call;
    std::size_t i = 0;
    for (const int arg : {domain, type, protocol})
        entry.args[i++] = static_cast<std::uint64_t>(static_cast<unsigned>(arg));
    return entry;
}

struct Case {
    int domain;
    int type;
    int protocol;
    FdType expected;
};

TEST(StateOfNewSocket, ComesFromTheArguments) {
    constexpr Case kCases[] = {
        {AF_INET, SOCK_STREAM, 0, FdType::tcp},
        {AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP, FdType::tcp},
        {AF_INET6, SOCK_STREAM, 0, FdType::tcp6},
        {AF_INET, SOCK_DGRAM, 0, FdType::udp},
        {AF_INET6, SOCK_DGRAM, IPPROTO_UDP, FdType::udp6},
        {AF_UNIX, SOCK_STREAM, 0, FdType::unix_socket},
        {AF_UNIX, SOCK_DGRAM, 0, FdType::unix_socket},
        {AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, FdType::unix_socket},
    };
    for (const Case& one : kCases) {
        const auto state =
            state_of_new_socket(entry(Call::socket, one.domain, one.type, one.protocol));
        ASSERT_TRUE(state) << one.domain << ' ' << one.type;
        EXPECT_EQ(state->type, one.expected);
        ASSERT_NE(state->info, nullptr);
    }
}

TEST(StateOfNewSocket, AskWhereTheArgumentsDoNotTell) {
    constexpr Case kCases[] = {
        {AF_INET, SOCK_STREAM, IPPROTO_SCTP, {}},
        {AF_INET, SOCK_DGRAM, IPPROTO_ICMP, {}},
        {AF_INET, SOCK_RAW, IPPROTO_ICMP, {}},
        {AF_NETLINK, SOCK_RAW, 0, {}},
        {AF_UNIX, 15, 0, {}},
        {-1, -1, -1, {}},
    };
    for (const Case& one : kCases)
        EXPECT_FALSE(state_of_new_socket(entry(Call::socket, one.domain, one.type, one.protocol)))
            << one.domain << ' ' << one.type;
    EXPECT_FALSE(state_of_new_socket(entry(Call::accept4, AF_INET, SOCK_STREAM)));
    EXPECT_FALSE(state_of_new_socket(entry(Call::socketpair, AF_INET, SOCK_STREAM)));
    CallEntry in_memory = entry(Call::socket, AF_INET, SOCK_STREAM);
    in_memory.args_known = false;
    EXPECT_FALSE(state_of_new_socket(in_memory));
}

TEST(StateOfNewSocket, PairsAreConnected) {
    const auto state = state_of_new_socket(entry(Call::socketpair, AF_UNIX, SOCK_STREAM));
    ASSERT_TRUE(state);
    EXPECT_EQ(state->info->state, SocketState::established);
    EXPECT_EQ(state->info->kind, "stream");
}

}  // namespace
}  // namespace logfia
