// More processes than descriptors.

#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <memory>

namespace logfia::test {
namespace {

using testing::MatchesRegex;

struct Crowd {
    explicit Crowd(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) makers.push_back(std::make_unique<FdMaker>());
    }
    /// logfia on all of them, under what `ulimit` is told.
    std::string script(const std::string& limit) const {
        std::string text = "ulimit " + limit + "; exec \"$0\" -n -j -d 5";
        for (const auto& maker : makers) text += ' ' + maker->pid_text();
        return text;
    }
    std::vector<std::unique_ptr<FdMaker>> makers;
};

std::size_t count(const Lines& lines, const std::string& piece) {
    const auto found = std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
        return line.find(piece) != std::string::npos;
    });
    return static_cast<std::size_t>(found);
}

/// Reads until so many lines have the piece in them.
bool wait_for_pieces(Child& child, const std::string& piece, std::size_t wanted) {
    return eventually([&] {
        child.read_more(std::chrono::milliseconds(10));
        return count(complete_lines(child.output()), piece) >= wanted;
    });
}

TEST(Limits, FewerDescriptorsThanProcessesNeed) {
    const Crowd crowd(20);
    Child logfia({"/bin/sh", "-c", crowd.script("-n 80"), LogfiaRun::program()});
    ASSERT_TRUE(wait_for_pieces(logfia, "\"initial\":true", 60)) << logfia.errors();
    EXPECT_THAT(logfia.errors(), MatchesRegex("logfia: 20 processes need [0-9]+ descriptors, but "
                                              "the limit is 80[^\n]*\n"));
    for (const auto& maker : crowd.makers) maker->ask("open /etc/passwd");
    for (const auto& maker : crowd.makers) maker->ask("tcp-listen");
    ASSERT_TRUE(wait_for_pieces(logfia, "\"state\":\"listen\"", 20));
    EXPECT_EQ(count(complete_lines(logfia.output()), "/etc/passwd"), 20U);
    for (const auto& maker : crowd.makers) maker->ask("close 3");
    ASSERT_TRUE(wait_for_pieces(logfia, "\"event\":\"close\"", 20));
    for (const auto& maker : crowd.makers) maker->end();
    EXPECT_EQ(logfia.wait(), 0);
    EXPECT_EQ(count(complete_lines(logfia.output()), "\"event\":\"open\""), 20U * 5);
    EXPECT_EQ(count(complete_lines(logfia.output()), "\"event\":\"close\""), 20U * 5);
}

/// The tables are opened anew at each look; that of a dead first thread may only be opened by root.
TEST(Limits, FirstThreadsAndZombiesAreNoticedAllTheSame) {
    const Crowd crowd(3);
    FdMaker& without_leader = *crowd.makers[0];
    const int zombie = crowd.makers[1]->fd("fork");
    Child logfia({"/bin/sh", "-c", crowd.script("-n 60") + ' ' + std::to_string(zombie),
                  LogfiaRun::program()});
    ASSERT_TRUE(wait_for_pieces(logfia, "\"initial\":true", 12)) << logfia.errors();
    without_leader.ask("thread-exit-leader");
    without_leader.ask("open /etc/passwd");
    ASSERT_TRUE(wait_for_pieces(logfia, "/etc/passwd", 1));
    EXPECT_EQ(count(complete_lines(logfia.output()), "\"event\":\"close\""), 0U);
    ASSERT_EQ(kill(zombie, SIGKILL), 0);
    ASSERT_TRUE(wait_for_pieces(logfia, "\"event\":\"close\"", 3));
    for (const auto& maker : crowd.makers) maker->end();
    EXPECT_EQ(logfia.wait(), 0);
    EXPECT_EQ(count(complete_lines(logfia.output()), "\"event\":\"close\""), 13U);
    EXPECT_EQ(count(complete_lines(logfia.output()), "\"event\":\"lost\",\"pid\""), 0U);
}

TEST(Limits, ASoftLimitIsRaisedWithoutAWord) {
    const Crowd crowd(20);
    Child logfia({"/bin/sh", "-c", crowd.script("-S -n 40"), LogfiaRun::program()});
    ASSERT_TRUE(wait_for_pieces(logfia, "\"initial\":true", 60)) << logfia.errors();
    EXPECT_EQ(logfia.errors(), "");
    logfia.signal(SIGINT);
    EXPECT_EQ(logfia.wait(), 0);
}

}  // namespace
}  // namespace logfia::test
