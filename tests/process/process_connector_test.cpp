#include "support/fd_maker_client.hpp"
#include "support/watching.hpp"
#include <logfia/process/process_connector.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace logfia {
namespace {

using Kind = ProcessEvent::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

using Bytes = std::vector<std::byte>;

constexpr std::uint32_t kForkEvent = 1;
constexpr std::uint32_t kExecEvent = 2;
constexpr std::uint32_t kCommEvent = 0x200;
constexpr std::uint32_t kExitEvent = 0x80000000;

template <class Value>
void append(Bytes& bytes, const Value& value) {
    const auto* data = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), data, data + sizeof value);
}

/// A message as the kernel lays it out (struct proc_event, <linux/cn_proc.h>).
Bytes message(std::uint32_t what, const std::vector<std::int32_t>& numbers,
              std::uint32_t index = 1) {
    Bytes bytes;
    nlmsghdr header{};
    header.nlmsg_len =
        static_cast<std::uint32_t>(sizeof header + sizeof(cn_msg) + 16 + 4 * numbers.size());
    append(bytes, header);
    cn_msg connector{};
    connector.id.idx = index;
    connector.id.val = 1;
    append(bytes, connector);
    append(bytes, what);
    append(bytes, std::uint32_t{0});  // the CPU
    append(bytes, std::uint64_t{0});  // the time
    for (const std::int32_t number : numbers) append(bytes, number);
    return bytes;
}

std::vector<ProcessEvent> parse(const Bytes& bytes) {
    std::vector<ProcessEvent> events;
    parse_process_events(bytes, events);
    return events;
}

ProcessEvent exited(pid_t pid, std::optional<int> code) {
    ProcessEvent event{Kind::exit, pid, 0};
    event.exit_code = code;
    return event;
}

TEST(ParseProcessEvents, OfProcessesNotOfThreads) {
    EXPECT_THAT(parse(message(kForkEvent, {11, 10, 20, 20})),
                ElementsAre(ProcessEvent{Kind::fork, 20, 10}));
    EXPECT_THAT(parse(message(kForkEvent, {11, 10, 21, 10})), IsEmpty());
    EXPECT_THAT(parse(message(kExecEvent, {20, 20})), ElementsAre(ProcessEvent{Kind::exec, 20, 0}));
    EXPECT_THAT(parse(message(kExitEvent, {20, 20, 0x300, 17})), ElementsAre(exited(20, 0x300)));
    EXPECT_THAT(parse(message(kExitEvent, {20, 20})), ElementsAre(exited(20, std::nullopt)));
    EXPECT_THAT(parse(message(kExitEvent, {21, 20, 0, 17})), IsEmpty());
}

/// A name as the kernel lays it out: sixteen bytes, up to a NUL.
Bytes renaming(std::int32_t thread, std::int32_t process, std::string_view name) {
    std::array<std::int32_t, 4> comm{};
    std::memcpy(comm.data(), name.data(), std::min(name.size(), sizeof comm));
    return message(kCommEvent, {thread, process, comm[0], comm[1], comm[2], comm[3]});
}

TEST(ParseProcessEvents, ANewNameOfAProcessNotOfAThread) {
    const auto events = parse(renaming(20, 20, "worker 1"));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, Kind::comm);
    EXPECT_EQ(events[0].pid, 20);
    EXPECT_EQ(events[0].name(), "worker 1");
    EXPECT_EQ(parse(renaming(20, 20, "sixteen bytes, no NUL"))[0].name(), "sixteen bytes, n");
    EXPECT_EQ(parse(renaming(20, 20, ""))[0].name(), "");
    EXPECT_THAT(parse(renaming(21, 20, "thread")), IsEmpty());
}

TEST(ParseProcessEvents, SeveralMessagesInOneDatagram) {
    Bytes bytes = message(kForkEvent, {1, 1, 2, 2});
    for (const Bytes& more : {message(kCommEvent, {2, 2, 0, 0}), message(kExecEvent, {2, 2})})
        bytes.insert(bytes.end(), more.begin(), more.end());
    EXPECT_THAT(parse(bytes),
                ElementsAre(ProcessEvent{Kind::fork, 2, 1}, ProcessEvent{Kind::exec, 2, 0}));
}

TEST(ParseProcessEvents, WhatIsCutOrOfAnotherConnectorIsPassedOver) {
    EXPECT_THAT(parse(message(kForkEvent, {1, 1, 2, 2}, 7)), IsEmpty());
    const Bytes whole = message(kForkEvent, {1, 1, 2, 2});
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_THAT(parse(Bytes(whole.begin(), whole.begin() + static_cast<long>(length))),
                    IsEmpty());
    EXPECT_THAT(parse(message(kForkEvent, {1, 1, 2})), IsEmpty());
    EXPECT_THAT(parse(message(kCommEvent, {2, 2, 0, 0, 0})), IsEmpty());
    EXPECT_THAT(parse(Bytes(200, std::byte{0xff})), IsEmpty());
    EXPECT_THAT(parse(Bytes(200, std::byte{0})), IsEmpty());
}

/// A child that ends at once.
pid_t fork_and_reap() {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, nullptr, 0);
    return child;
}

/// Waits until all of these have come, in this order.
bool come(ProcessConnector& source, const std::vector<ProcessEvent>& wanted) {
    std::vector<ProcessEvent> events;
    std::size_t found = 0;
    return test::eventually([&] {
        events.clear();
        source.read(events);
        for (const ProcessEvent& event : events)
            if (found < wanted.size() && event == wanted[found]) ++found;
        return found == wanted.size();
    });
}

TEST(ProcessConnectorTest, TellOfARealChild) {
    auto source = ProcessConnector::open();
    if (!source) GTEST_SKIP() << describe(source.error());
    const pid_t child = fork();
    if (child == 0) {
        execl("/bin/true", "true", nullptr);
        _exit(1);
    }
    waitpid(child, nullptr, 0);
    EXPECT_TRUE(
        come(*source, {{Kind::fork, child, getpid()}, {Kind::exec, child, 0}, exited(child, 0)}));
}

TEST(ProcessConnectorTest, TellOfANewNameButNotOfAThreads) {
    auto source = ProcessConnector::open();
    if (!source) GTEST_SKIP() << describe(source.error());
    test::FdMaker maker;
    maker.ask("thread-comm other");
    maker.ask("comm worker");
    std::vector<ProcessEvent> events;
    ASSERT_TRUE(test::eventually([&] {
        source->read(events);
        return std::any_of(events.begin(), events.end(), [&](const auto& event) {
            return event.pid == maker.pid() && event.name() == "worker";
        });
    }));
    const auto names = std::count_if(events.begin(), events.end(), [&](const auto& event) {
        return event.kind == Kind::comm && event.pid == maker.pid();
    });
    EXPECT_EQ(names, 1);
}

TEST(ProcessConnectorTest, NamesAreNotToldToWhomTheyAreTooMany) {
    auto source = ProcessConnector::open();
    if (!source) GTEST_SKIP() << describe(source.error());
    test::FdMaker maker;
    source->hear_names(false);
    maker.ask("comm one");
    source->hear_names(true);
    maker.ask("comm two");
    std::vector<std::string> names;
    ASSERT_TRUE(test::eventually([&] {
        std::vector<ProcessEvent> events;
        source->read(events);
        for (const ProcessEvent& event : events)
            if (event.kind == Kind::comm && event.pid == maker.pid())
                names.emplace_back(event.name());
        return !names.empty();
    }));
    EXPECT_THAT(names, ElementsAre("two"));
}

TEST(ProcessConnectorTest, ThreadsAreNotTold) {
    auto source = ProcessConnector::open();
    if (!source) GTEST_SKIP() << describe(source.error());
    test::FdMaker maker;
    maker.ask("thread 5");
    const int child = maker.fd("fork");
    std::vector<ProcessEvent> events;
    ASSERT_TRUE(test::eventually([&] {
        source->read(events);
        return std::any_of(events.begin(), events.end(),
                           [&](const auto& event) { return event.pid == child; });
    }));
    const auto forks = std::count_if(events.begin(), events.end(), [&](const auto& event) {
        return event.kind == Kind::fork && event.parent == maker.pid();
    });
    EXPECT_EQ(forks, 1);
}

/// More has come than there was room for, and from now on there is room for whatever else the
/// machine starts. The reader has been told so, and has not read yet what was kept.
void overflow(ProcessConnector& source) {
    const int little = 1;
    ASSERT_EQ(setsockopt(source.fd(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little), 0);
    for (int i = 0; i < 50; ++i) fork_and_reap();
    std::vector<ProcessEvent> events;
    ASSERT_EQ(source.read(events), ProcessConnector::Reading::overflowed);
    ASSERT_THAT(events, IsEmpty()) << "the error of a socket comes first";
    const int usual = 1 << 20;
    ASSERT_EQ(setsockopt(source.fd(), SOL_SOCKET, SO_RCVBUF, &usual, sizeof usual), 0);
}

/// Reads until nothing is left.
std::vector<ProcessEvent> read_all(ProcessConnector& source) {
    std::vector<ProcessEvent> events;
    EXPECT_TRUE(test::eventually(
        [&] { return source.read(events) == ProcessConnector::Reading::complete; }));
    return events;
}

TEST(ProcessConnectorTest, AnOverflowIsToldAndWhatComesLaterIsHeard) {
    auto source = ProcessConnector::open();
    if (!source) GTEST_SKIP() << describe(source.error());
    ASSERT_NO_FATAL_FAILURE(overflow(*source));
    read_all(*source);
    const pid_t child = fork_and_reap();
    EXPECT_TRUE(come(*source, {{Kind::fork, child, getpid()}}));
}

/// Why whoever was told of an overflow reads on until nothing is left before it looks around.
TEST(ProcessConnectorTest, NothingIsToldAfterAnOverflowBeforeAllElseIsRead) {
    auto source = ProcessConnector::open();
    if (!source) GTEST_SKIP() << describe(source.error());
    ASSERT_NO_FATAL_FAILURE(overflow(*source));
    const pid_t untold = fork_and_reap();
    const auto events = read_all(*source);
    EXPECT_FALSE(std::any_of(events.begin(), events.end(),
                             [&](const ProcessEvent& event) { return event.pid == untold; }));
}

TEST(ProcessConnectorTest, AStormIsReadInSlices) {
    auto source = ProcessConnector::open();
    if (!source) GTEST_SKIP() << describe(source.error());
    for (int i = 0; i < ProcessConnector::kMostAtOnce; ++i) fork_and_reap();
    std::vector<ProcessEvent> events;
    EXPECT_EQ(source->read(events), ProcessConnector::Reading::more) << "each began and ended";
    EXPECT_LE(events.size(), std::size_t{ProcessConnector::kMostAtOnce});
    EXPECT_THAT(read_all(*source), Not(IsEmpty()));
}

TEST(ProcessConnectorTest, InANamespaceItSaysThatItDoesNotServe) {
    const pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWUSER) != 0) _exit(2);
        const auto source = ProcessConnector::open();
        _exit(!source && !describe(source.error()).empty() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "a user namespace is not permitted";
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace logfia
