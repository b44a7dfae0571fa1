// Follows changes to their Events, without a supervisor's thread.

#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include "support/watching.hpp"
#include <logfia/source/seccomp/seccomp_source.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

namespace logfia {
namespace {

using test::fd_of;
using test::KeptEvents;
using test::Lines;
using test::loss_of;
using testing::ElementsAre;
using testing::IsEmpty;

Now at(int seconds) {
    return {WallTime(std::chrono::seconds(seconds)), SteadyTime(std::chrono::seconds(seconds))};
}

ProgramFacts named(const char* comm) {
    ProgramFacts facts;
    facts.comm = comm;
    return facts;
}

std::string line_of(const Event& event) {
    std::string line = std::string(to_string(event.kind)) + " " +
                       std::to_string(event.at.steady.time_since_epoch() / std::chrono::seconds(1));
    if (event.actor.pid != 0) line += " " + event.actor.comm;
    if (const auto* change = event.descriptor_change()) {
        line += " " + std::to_string(change->descriptor.fd) + " " + change->descriptor.name;
        if (change->initial) line += " initial";
        if (change->at_exit) line += " at exit";
        const auto& socket = change->descriptor.socket;
        if (socket != nullptr && socket->peer) line += " peer " + socket->peer->comm;
    }
    if (const auto* loss = event.loss()) line += " " + loss->reason;
    if (const auto* change = std::get_if<ProcessChange>(&event.change)) {
        if (change->status) line += " status " + std::to_string(*change->status);
        if (change->signal) line += " signal " + std::to_string(*change->signal);
    }
    return line;
}

class SeccompSourceTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!page || !guard) GTEST_SKIP() << "the kernel has no notifications";
        supervisor = std::make_unique<Supervisor>(
            Supervisor::Parts{*root, *page, *guard, *queue, UniqueFd()}, Supervisor::Options{});
        options.command = 100;
        for (const EventKind kind : {EventKind::start, EventKind::exec, EventKind::exit})
            options.process_events.add(kind);
        source = std::make_unique<SeccompSource>(*queue, *supervisor, numbers, options);
    }
    void push(int seconds, decltype(Change::what) what) {
        queue->push({at(seconds), std::move(what)});
    }
    /// Process 1 is the command, with table 1.
    void begin() {
        push(1, ProcessBegan{1, 100, named("cmd")});
        push(1, TableNamed{1, 1, 0});
    }
    void open(int seconds, std::uint64_t id, const std::string& name, std::uint64_t table = 1) {
        Descriptor descriptor;
        descriptor.fd = static_cast<int>(id);
        descriptor.name = name;
        push(seconds, DescriptorOpened{table, id, 0, false, false, descriptor});
    }
    /// An end of a connection.
    void open_end(int seconds, std::uint64_t id, std::uint64_t inode, std::uint64_t peer_inode,
                  std::uint64_t table = 1) {
        Descriptor descriptor;
        descriptor.fd = static_cast<int>(id);
        descriptor.name = "end";
        descriptor.type = FdType::unix_socket;
        descriptor.inode = inode;
        descriptor.socket = connected_socket();
        push(seconds, DescriptorOpened{table, id, 0, false, false, descriptor, peer_inode});
    }
    static std::shared_ptr<const SocketInfo> connected_socket() {
        SocketInfo info;
        info.state = SocketState::established;
        info.kind = "stream";
        return std::make_shared<const SocketInfo>(info);
    }
    /// Returns what is told by then, when nothing earlier can come any more.
    Lines run(int seconds) {
        queue->settled_until(at(seconds).steady);
        while (source->run(at(seconds), kept) == Source::State::busy) {
        }
        return kept.take_lines();
    }
    [[nodiscard]] bool is_ready() const {
        pollfd one{source->ready_fd(), POLLIN, 0};
        return poll(&one, 1, 0) == 1;
    }

    Result<ProcRoot> root = ProcRoot::open("/proc");
    Result<NoticePage> page = NoticePage::create();
    Result<Guard> guard = page ? Guard::start(*page) : Result<Guard>(page.error());
    std::unique_ptr<ChangeQueue> queue = std::move(*ChangeQueue::create());
    Numbers numbers;
    SeccompSource::Options options;
    std::unique_ptr<Supervisor> supervisor;
    std::unique_ptr<SeccompSource> source;
    KeptEvents kept{line_of};
};

TEST_F(SeccompSourceTest, TellsWhatHappensInTheOrderOfTime) {
    begin();
    open(4, 2, "/b");
    open(3, 1, "/a");
    push(5, DescriptorClosed{1, 1, false});
    EXPECT_THAT(run(9), ElementsAre("start 1 cmd", "open 3 cmd 1 /a", "open 4 cmd 2 /b",
                                    "close 5 cmd 1 /a"));
    EXPECT_EQ(source->totals().processes, 1U);
}

TEST_F(SeccompSourceTest, WaitsForWhatMayComeBefore) {
    begin();
    open(3, 1, "/a");
    open(6, 2, "/b");
    EXPECT_THAT(run(5), ElementsAre("start 1 cmd", "open 3 cmd 1 /a"));
    EXPECT_TRUE(source->next()) << "the rest comes without a wake-up";
    open(4, 3, "/c");
    EXPECT_THAT(run(9), ElementsAre("open 4 cmd 3 /c", "open 6 cmd 2 /b"));
}

TEST_F(SeccompSourceTest, LooksByItselfUntilItIsQuiet) {
    begin();
    queue->wake();
    EXPECT_TRUE(is_ready());
    run(2);
    EXPECT_TRUE(source->next());
    run(3);
    EXPECT_FALSE(source->next());
    open(4, 1, "/a");
    queue->wake();
    EXPECT_TRUE(is_ready());
}

TEST_F(SeccompSourceTest, TellsTheEndOfProcesses) {
    begin();
    push(2, ProcessBegan{2, 101, named("kid")});
    push(3, ProcessEnded{2, 9});
    push(4, ProcessEnded{1, 7 << 8});
    EXPECT_THAT(run(9), ElementsAre("start 1 cmd", "start 2 kid", "exit 3 kid signal 9",
                                    "exit 4 cmd status 7"));
}

TEST_F(SeccompSourceTest, ClosesAtExit) {
    begin();
    open(2, 1, "/a");
    push(3, DescriptorClosed{1, 1, true});
    push(3, TableEnded{1});
    push(3, ProcessEnded{1, 0});
    EXPECT_THAT(run(9), ElementsAre("start 1 cmd", "open 2 cmd 1 /a", "close 3 cmd 1 /a at exit",
                                    "exit 3 cmd status 0"));
}

TEST_F(SeccompSourceTest, AnotherProgramHasAnotherName) {
    begin();
    open(2, 1, "/a");
    push(3, ProcessExecuted{1, named("other")});
    push(4, DescriptorClosed{1, 1, false});
    EXPECT_THAT(run(9), ElementsAre("start 1 cmd", "open 2 cmd 1 /a", "exec 3 other",
                                    "close 4 other 1 /a"));
}

TEST_F(SeccompSourceTest, AnotherProgramMayHaveAnotherUser) {
    begin();
    run(2);
    ASSERT_FALSE(kept.events.empty());
    EXPECT_FALSE(kept.events.back().actor.uid);
    ProgramFacts facts = named("other");
    facts.user = 0;
    push(3, ProcessExecuted{1, facts});
    run(9);
    EXPECT_EQ(kept.events.back().actor.uid, 0U);
    EXPECT_EQ(kept.events.back().actor.user, UserNames().name_of(0));
}

TEST_F(SeccompSourceTest, ATableThatPassesOnNamesItsNewProcessFromThenOn) {
    begin();
    push(2, ProcessBegan{2, 101, named("kid")});
    open(3, 1, "/a");
    push(4, TableNamed{1, 2, 0});
    open(5, 2, "/b");
    EXPECT_THAT(run(9),
                ElementsAre("start 1 cmd", "start 2 kid", "open 3 cmd 1 /a", "open 5 kid 2 /b"));
}

TEST_F(SeccompSourceTest, AnotherProcessMayBeGivenTheNumberOfTheCommand) {
    begin();
    push(2, ProcessEnded{1, 0});
    push(3, ProcessBegan{2, 100, named("kid")});
    push(3, TableNamed{2, 2, 0});
    open(4, 1, "/a", 2);
    run(9);
    ASSERT_FALSE(kept.events.empty());
    EXPECT_NE(kept.events.back().actor.number, source->command_number());
}

TEST_F(SeccompSourceTest, OfExcludedProgramsNothingIsTold) {
    options.not_names = {"kid"};
    source = std::make_unique<SeccompSource>(*queue, *supervisor, numbers, options);
    begin();
    push(2, ProcessBegan{2, 101, named("kid")});
    push(2, TableNamed{2, 2, 0});
    open(3, 1, "/a", 2);
    open(3, 2, "/b", 2);
    push(4, DescriptorClosed{2, 1, false});
    EXPECT_THAT(run(5), ElementsAre("start 1 cmd"));
    // The descriptors that the excluded program has left open are told then.
    push(6, ProcessExecuted{2, named("prog")});
    const Lines lines = run(9);
    EXPECT_THAT(lines, testing::Contains("open 6 prog 2 /b"));
    EXPECT_THAT(lines, testing::Not(testing::Contains(testing::HasSubstr("/a"))));
}

TEST_F(SeccompSourceTest, TellsRenamesLossesAndNotices) {
    begin();
    open(2, 1, "/a");
    Descriptor renamed;
    renamed.fd = 1;
    renamed.name = "/b";
    push(3, DescriptorRenamed{1, 1, renamed});
    push(4, ChangesLost{1, "why"});
    push(4, ChangesLost{0, "whyever"});
    push(5, NoticeGiven{"hear"});
    EXPECT_THAT(run(9), ElementsAre("start 1 cmd", "open 2 cmd 1 /a", "rename 3 cmd 1 /b",
                                    "lost 4 cmd why", "lost 4 whyever"));
    EXPECT_THAT(kept.notices, ElementsAre("hear"));
}

TEST_F(SeccompSourceTest, NamesWhoHasTheOtherEndOfASocket) {
    begin();
    push(2, ProcessBegan{2, 101, named("kid")});
    push(2, TableNamed{2, 2, 0});
    open_end(3, 1, 1001, 0);
    open_end(3, 2, 1002, 1001);
    push(4, UnixSocketInherited{2, 3, 1002});
    push(5, DescriptorClosed{1, 2, false});
    push(6, DescriptorClosed{2, 3, false});
    // A peer that is learned later tells only of the maker.
    push(7, DetailsLearned{1, 1, FdType::unix_socket, connected_socket(), nullptr, {}, {}, true});
    push(7, DescriptorClosed{1, 1, false});
    EXPECT_THAT(run(9),
                ElementsAre("start 1 cmd", "start 2 kid", "open 3 cmd 1 end", "open 3 cmd 2 end",
                            "close 5 cmd 2 end", "close 7 cmd 1 end peer kid"));
}

TEST_F(SeccompSourceTest, NamesTheOtherEndThatIsLearnedLater) {
    begin();
    push(2, ProcessBegan{2, 101, named("kid")});
    push(2, TableNamed{2, 2, 0});
    open_end(3, 1, 1001, 0);
    open_end(4, 2, 1002, 0, 2);
    push(5, DetailsLearned{1,
                           1,
                           FdType::unix_socket,
                           connected_socket(),
                           nullptr,
                           {},
                           EventKind::connect,
                           false,
                           1002});
    push(6, DescriptorClosed{2, 2, true});
    EXPECT_THAT(run(9),
                ElementsAre("start 1 cmd", "start 2 kid", "open 3 cmd 1 end", "open 4 kid 2 end",
                            "connect 5 cmd 1 end peer kid", "close 6 kid 2 end at exit peer cmd"));
}

TEST_F(SeccompSourceTest, EndsWhenNothingMoreWillCome) {
    begin();
    open(100, 1, "/a");
    queue->finish();
    EXPECT_THAT(run(2), ElementsAre("start 1 cmd", "open 100 cmd 1 /a"))
        << "nothing can come before it";
    EXPECT_EQ(source->run(at(3), kept), Source::State::ended);
}

TEST_F(SeccompSourceTest, SaysNothingWhilePaused) {
    begin();
    source->pause(at(2));
    EXPECT_THAT(run(3), IsEmpty());
    EXPECT_FALSE(is_ready());
    source->resume(at(4), kept);
    EXPECT_THAT(run(5), ElementsAre("start 1 cmd"));
}

TEST_F(SeccompSourceTest, StopTellsAllThatIsKnown) {
    begin();
    open(100, 1, "/a");
    queue->finish();
    source->stop(at(2), kept);
    EXPECT_THAT(kept.take_lines(), ElementsAre("start 1 cmd", "open 100 cmd 1 /a"));
}

TEST_F(SeccompSourceTest, StopWaitsForTheLastWord) {
    begin();
    const pid_t stopping = gettid();
    std::thread calls([&] {
        EXPECT_TRUE(test::eventually(
            [&] { return test::status_line(stopping, "State").starts_with('S'); }));
        push(2, ChangesLost{0, "left out"});
        queue->finish();
    });
    source->stop(at(2), kept);
    const Lines lines = kept.take_lines();
    calls.join();
    EXPECT_THAT(lines, ElementsAre("start 1 cmd", "lost 2 left out"));
}

}  // namespace
}  // namespace logfia
