#include "allocation/counting.hpp"
#include "support/event_sinks.hpp"
#include "support/fd_maker_client.hpp"
#include <logfia/process/open_processes.hpp>
#include <logfia/source/poll/poller.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How often memory is asked for in a hundred looks at a process that changes nothing.
std::size_t allocations_of_idle_looks(PollerOptions options, Duration step,
                                      const std::vector<std::string>& commands = {}) {
    test::FdMaker maker;
    for (const std::string& command : commands) maker.ask(command);
    maker.ask("many 500");
    maker.ask("tcp-pairs 20");
    maker.ask("tcp-socket 4");  // in no table: it is asked for again and again
    auto root = ProcRoot::open("/proc");
    const pid_t pids[] = {maker.pid()};
    OpenedProcesses opened = open_processes(*root, pids, DescriptorBudget(std::size(pids)));
    Numbers numbers;
    options.kept_links = 300;  // fewer than there are: both ways of reading occur
    options.hangups = true;
    Poller poller(std::move(*root), options, numbers);
    for (auto& process : opened.processes) poller.processes().add(std::move(process));

    test::CountedEvents counter;
    Now now = read_clocks();
    const auto look = [&] {
        now.steady += step;
        poller.look(now, counter);
    };
    for (int warm_up = 0; warm_up < 10; ++warm_up) look();
    EXPECT_GE(counter.events, 500U);
    const std::size_t events = counter.events;
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i) look();
    const std::size_t asked = allocations - before;
    EXPECT_EQ(counter.events, events);
    return asked;
}

TEST(Allocations, TheCounterCounts) {
    const std::size_t before = allocations;
    // Not `delete new int`, which a compiler may leave out.
    ::operator delete(::operator new(4));
    EXPECT_EQ(allocations, before + 1);
}

TEST(Allocations, ALookInWhichNothingChangedMakesNone) {
    const PollerOptions options{.interval = milliseconds(1), .gate = false};
    EXPECT_EQ(allocations_of_idle_looks(options, milliseconds(1)), 0U);
}

TEST(Allocations, NeitherDoesOneThatTheGateSpares) {
    for (const Duration interval : {milliseconds(1), milliseconds(100)})
        EXPECT_EQ(allocations_of_idle_looks({.interval = interval}, interval), 0U);
}

TEST(Allocations, NorAQuestionToEachThread) {
    EXPECT_EQ(
        allocations_of_idle_looks({.interval = milliseconds(1)}, milliseconds(1), {"thread 20"}),
        0U);
}

/// A look may ask all the sockets that have no peer.
TEST(Allocations, NorDoQuestionsToWhoRunsAllTheTime) {
    std::vector<std::string> commands(100, "udp");
    commands.insert(commands.end(), 100, "tcp-socket");
    commands.emplace_back("udp-bind");
    commands.emplace_back("unix-socket dgram");
    commands.emplace_back("socketpair dgram");
    commands.emplace_back("spin on");
    for (const Duration interval : {milliseconds(1), milliseconds(100)})
        EXPECT_EQ(allocations_of_idle_looks({.interval = interval}, interval, commands), 0U);
}

TEST(Allocations, NorAFullLook) {
    EXPECT_EQ(allocations_of_idle_looks({.interval = milliseconds(100)}, seconds(10)), 0U);
}

}  // namespace
}  // namespace logfia
