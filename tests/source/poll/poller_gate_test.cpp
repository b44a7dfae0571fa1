// The looks that are taken and those that are spared: of a real process, for its clock, in a tree
// that the test builds. A change that the process has not made is found only by the looks that are
// taken.

#include "source/poll/poller_fixture.hpp"
#include "support/event_parts.hpp"
#include "support/fd_maker_client.hpp"
#include "support/watching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::fd_of;
using test::FdMaker;
using test::Lines;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string line_of(const Event& event) {
    if (event.kind == EventKind::lost) return "lost";
    return fmt::format("{} {}", to_string(event.kind), fd_of(event).descriptor.name);
}

class PollerGate : public test::PollerFixture {
  protected:
    PollerGate() : PollerFixture(line_of) {
        options_.interval = milliseconds(1);
        proc_.self({1});
        run();
        proc_.add_process(pid(), "worker");
    }
    [[nodiscard]] pid_t pid() const { return maker_.pid(); }
    void watch(Holding holding = Holding::descriptors) { watch_all({pid()}, {}, holding); }
    Lines look(Duration later = milliseconds(1)) { return look_after(later); }
    /// The process runs, and sleeps again.
    void run() {
        maker_.ask("comm worker");
        EXPECT_TRUE(test::comes_to_sleep(pid()));
    }

    FdMaker maker_;
};

TEST_F(PollerGate, SparesLooksAtASleeperAtOneMillisecondToo) {
    watch();
    look();
    proc_.open(pid(), 3, "/a");
    for (int i = 0; i < 900; ++i) EXPECT_THAT(look(), IsEmpty()) << i;
    EXPECT_THAT(look(milliseconds(200)), ElementsAre("open /a")) << "the full look of each second";
}

TEST_F(PollerGate, LooksOnceTheProcessHasRun) {
    watch();
    look();
    proc_.open(pid(), 3, "/a");
    EXPECT_THAT(look(), IsEmpty());
    run();
    EXPECT_THAT(look(), ElementsAre("open /a"));
}

/// On another CPU, its clock may stand still for a long time.
TEST_F(PollerGate, LooksAtOneThatRunsThoughItsClockStandsStill) {
    for (const Duration interval : {milliseconds(1), milliseconds(100)}) {
        options_.interval = interval;
        watch();
        look();
        proc_.set_stat(pid(), {.state = 'R'});
        for (int i = 0; i < 10; ++i) look(interval);
        proc_.open(pid(), 3, "/a");
        EXPECT_THAT(look(interval), ElementsAre("open /a"));
        proc_.close(pid(), 3);
    }
}

TEST_F(PollerGate, AsksEachThread) {
    proc_.add_thread(pid(), 7);
    proc_.set_stat(pid(), {.threads = 2});
    watch();
    look();
    proc_.open(pid(), 3, "/a");
    EXPECT_THAT(look(), IsEmpty());
    proc_.set_thread_stat(pid(), 7, {.state = 'R', .threads = 2});
    EXPECT_THAT(look(), ElementsAre("open /a"));
}

TEST_F(PollerGate, LooksWhereAskingManyThreadsCostsMore) {
    for (int thread = 1; thread <= 30; ++thread) proc_.add_thread(pid(), 1'000'000 + thread);
    proc_.set_stat(pid(), {.threads = 31});
    watch();
    look();
    for (int fd = 3; fd < 300; ++fd) proc_.open(pid(), fd, "/a");
    EXPECT_EQ(look().size(), 297U);
    proc_.open(pid(), 300, "/b");
    EXPECT_THAT(look(), IsEmpty()) << "so many descriptors cost more than the threads";
}

TEST_F(PollerGate, AsksByNumberWhereNothingIsHeld) {
    watch(Holding::nothing);
    look();
    proc_.open(pid(), 3, "/a");
    EXPECT_THAT(look(), IsEmpty());
    proc_.set_stat(pid(), {.state = 'R'});
    EXPECT_THAT(look(), ElementsAre("open /a"));
}

TEST_F(PollerGate, SparesNoLookAfterOneThatFailed) {
    watch(Holding::nothing);
    look();
    const std::string table = fmt::format("{}/{}/fd", proc_.path(), pid());
    std::filesystem::rename(table, table + ".away");
    test::write_file(table, "");  // a directory that cannot be listed
    run();
    EXPECT_THAT(look(), ElementsAre("lost"));
    std::filesystem::remove(table);
    std::filesystem::rename(table + ".away", table);
    proc_.open(pid(), 3, "/a");
    EXPECT_THAT(look(), ElementsAre("open /a"));
}

TEST_F(PollerGate, CanBeDoneWithout) {
    options_.gate = false;
    watch();
    look();
    proc_.open(pid(), 3, "/a");
    EXPECT_THAT(look(), ElementsAre("open /a"));
}

/// A single look reads only a sixteenth of the links.
TEST_F(PollerGate, BackToBackItSparesALookOnlyOnceEveryLinkWasReadAgain) {
    options_.interval = Interval::back_to_back();
    for (int fd = 3; fd < 35; ++fd) proc_.open(pid(), fd, "/a");
    watch();
    for (std::uint32_t i = 0; i < FdReader::kHotLooks + 2; ++i) look();
    proc_.retarget(pid(), 20, "/b", {});
    EXPECT_THAT(look(), IsEmpty()) << "spared, since it sleeps";
    run();
    Lines told;
    for (int i = 0; i < FdReader::kTurns; ++i)
        for (std::string& line : look()) told.push_back(std::move(line));
    EXPECT_THAT(told, ElementsAre("close /a", "open /b"));
}

}  // namespace
}  // namespace logfia
