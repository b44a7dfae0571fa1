// Records of processes themselves, in a tree that the test builds and with news that it tells.

#include "process/fake_events.hpp"
#include "source/poll/poll_source_fixture.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

namespace logfia::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// `start initial 10 /bin/a`, `exit 10 status 3`, `open 10 /a`.
std::string line_of(const Event& event) {
    if (const Loss* loss = event.loss()) return "lost " + loss->reason;
    const std::string_view initial = is_initial(event) ? " initial" : "";
    if (event.descriptor_change() != nullptr)
        return fmt::format("{}{} {} {}", to_string(event.kind), initial, event.actor.pid,
                           fd_of(event).descriptor.name);
    const auto& change = std::get<ProcessChange>(event.change);
    std::string end;
    if (change.status) end = fmt::format(" status {}", *change.status);
    if (change.signal) end = fmt::format(" signal {}", *change.signal);
    return fmt::format("{}{} {} {}{}", to_string(event.kind), initial, event.actor.pid,
                       event.actor.exe.empty() ? "-" : event.actor.exe, end);
}

class ProcessRecordsTest : public PollSourceTest {
  protected:
    ProcessRecordsTest() {
        proc_.exe(10, "/bin/a");
        for (const EventKind kind : {EventKind::start, EventKind::exec, EventKind::exit})
            poller_.process_events.add(kind);
    }
    void make_with_news(WantedProcesses wanted) {
        auto events = std::make_unique<FakeEvents>();
        news_ = events.get();
        make(proc_.path(), std::move(wanted), {}, std::move(events));
    }
    /// A child has its parent's program, and a file of its own.
    void bear(int pid) {
        proc_.add_process(pid, "child");
        proc_.exe(pid, "/bin/a");
        proc_.open(pid, 5, fmt::format("/of/{}", pid));
        if (news_ != nullptr) news_->fork(pid, 10);
    }
    Lines lines_of(int ms) {
        source_->run(at(ms), told_);
        return told_.take_lines();
    }

    KeptEvents told_{line_of};
    FakeEvents* news_ = nullptr;
};

TEST_F(ProcessRecordsTest, OfOneThatWasThereAlready) {
    make(proc_.path(), only(10));
    EXPECT_THAT(lines_of(0), ElementsAre("start initial 10 /bin/a", "open initial 10 /a"));
    lines_of(0);
    proc_.exe(10, "/bin/a (deleted)");
    EXPECT_THAT(lines_of(100), IsEmpty()) << "an update has replaced it";
    proc_.exe(10, "/bin/b");
    EXPECT_THAT(lines_of(200), ElementsAre("exec 10 /bin/b"));
    proc_.end(10);
    EXPECT_THAT(lines_of(300), ElementsAre("close 10 /a", "exit 10 /bin/b"));
}

TEST_F(ProcessRecordsTest, NoneUnlessWanted) {
    poller_.process_events = {};
    make(proc_.path(), only(10));
    EXPECT_THAT(lines_of(0), ElementsAre("open initial 10 /a"));
    lines_of(0);
    proc_.exe(10, "/bin/b");
    EXPECT_THAT(lines_of(100), IsEmpty());
    proc_.end(10);
    EXPECT_THAT(lines_of(200), ElementsAre("close 10 /a"));
}

TEST_F(ProcessRecordsTest, ByTheNewsOfTheConnector) {
    make_with_news(following(10));
    lines_of(0);
    lines_of(0);
    bear(20);
    EXPECT_THAT(lines_of(10), ElementsAre("start 20 /bin/a", "open 20 /of/20"));
    proc_.exe(20, "/bin/c");
    news_->exec(20);
    EXPECT_THAT(lines_of(20), ElementsAre("exec 20 /bin/c"));
    proc_.exe(20, "/bin/d");
    EXPECT_THAT(lines_of(100), IsEmpty()) << "the connector tells execs";
    proc_.end(20);
    news_->exit(20, 0x300);
    lines_of(110);
    EXPECT_THAT(lines_of(200), ElementsAre("close 20 /of/20", "exit 20 /bin/c status 3"));
}

TEST_F(ProcessRecordsTest, AnExecOfOneThatHasEndedIsToldBeforeItsEnd) {
    make_with_news(following(10));
    lines_of(0);
    lines_of(0);
    bear(20);
    lines_of(10);
    proc_.end(20);
    news_->exec(20);
    news_->exit(20, 9);
    Lines lines = lines_of(20);
    for (std::string& line : lines_of(100)) lines.push_back(std::move(line));
    EXPECT_THAT(lines, ElementsAre("exec 20 -", "close 20 /of/20", "exit 20 - signal 9"));
}

TEST_F(ProcessRecordsTest, AnExecBeforeTheFirstLookIsTold) {
    make_with_news(following(10));
    lines_of(0);
    lines_of(0);
    bear(20);
    proc_.exe(20, "/bin/c");
    news_->exec(20);
    EXPECT_THAT(lines_of(10), ElementsAre("start 20 /bin/c", "exec 20 /bin/c", "open 20 /of/20"));
}

TEST_F(ProcessRecordsTest, OfOneThatEndsBeforeItsFirstLook) {
    make_with_news(following(10));
    lines_of(0);
    lines_of(0);
    news_->fork(20, 10);
    lines_of(10);
    source_->stop(at(50), told_);
    EXPECT_THAT(told_.take_lines(),
                ElementsAre("lost 1 process ended before it could be looked at"));
    EXPECT_EQ(loss_of(told_.events.back()).missed_processes, 1U);
}

class ExcludedTest : public ProcessRecordsTest {
  protected:
    WantedProcesses following_without(const std::string& name) {
        WantedProcesses wanted = following(10);
        wanted.not_names = {name};
        return wanted;
    }
};

TEST_F(ExcludedTest, IsWhatAProgramOpensWhileItRuns) {
    make_with_news(following_without("noise"));
    lines_of(0);
    lines_of(0);
    bear(20);
    lines_of(10);
    proc_.exe(20, "/bin/noise");
    proc_.open(20, 6, "/noise's");
    EXPECT_THAT(lines_of(100), IsEmpty());
    proc_.close(20, 5);
    proc_.close(20, 6);
    proc_.open(20, 7, "/left");
    EXPECT_THAT(lines_of(200), ElementsAre("close 20 /of/20")) << "what was told gets its close";
    proc_.exe(20, "/bin/b");
    proc_.open(20, 8, "/b's");
    EXPECT_THAT(lines_of(300), ElementsAre("open 20 /left", "open 20 /b's"));
    proc_.end(20);
    EXPECT_THAT(lines_of(400), ElementsAre("close 20 /left", "close 20 /b's", "exit 20 /bin/b"));
}

TEST_F(ExcludedTest, IsAChildFromItsStartUntilItRunsAnotherProgram) {
    make_with_news(following_without("a"));
    EXPECT_THAT(lines_of(0), ElementsAre("start initial 10 /bin/a", "open initial 10 /a"))
        << "a user has named it";
    lines_of(0);
    bear(20);
    EXPECT_THAT(lines_of(10), IsEmpty());
    proc_.exe(20, "/bin/b");
    news_->exec(20);
    EXPECT_THAT(lines_of(20), ElementsAre("start 20 /bin/b", "exec 20 /bin/b"));
    EXPECT_THAT(lines_of(100), ElementsAre("open 20 /of/20"));
}

/// A script's interpreter runs on, under the name of the script.
TEST_F(ExcludedTest, IsAScriptByItsName) {
    make(proc_.path(), following_without("noise.sh"));
    bear(20);
    proc_.children(10, "20 ");
    lines_of(0);
    lines_of(0);
    proc_.set_comm(20, "noise.sh");
    proc_.open(20, 6, "/noise's");
    EXPECT_THAT(lines_of(100), IsEmpty());
    proc_.set_comm(20, "loud.sh");
    EXPECT_THAT(lines_of(200), ElementsAre("open 20 /noise's"));
}

}  // namespace
}  // namespace logfia::test
