// More processes than descriptors.

#include "support/made_file.hpp"
#include "support/record_file.hpp"
#include "support/sanitizers.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>

namespace logfia::test {
namespace {

using testing::MatchesRegex;

struct Crowd {
    explicit Crowd(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) makers.push_back(std::make_unique<FdMaker>());
    }
    /// A script that runs logfia on all of them, under this limit of `ulimit`.
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

/// Reads until this many lines contain the piece.
bool wait_for_pieces(Child& child, const std::string& piece, std::size_t wanted) {
    return eventually([&] {
        child.read_more(std::chrono::milliseconds(10));
        return count(complete_lines(child.output()), piece) >= wanted;
    });
}

TEST(Limits, EverySocketIsToldWithFewDescriptors) {
    const Crowd crowd(20);
    for (const auto& maker : crowd.makers)
        for (int i = 0; i < 10; ++i) maker->ask("tcp-listen");
    Child logfia({"/bin/sh", "-c", crowd.script("-n 80"), LogfiaRun::program()});
    ASSERT_TRUE(wait_for_pieces(logfia, "\"initial\":true", 20 * 13)) << logfia.errors();
    EXPECT_EQ(count(complete_lines(logfia.output()), "\"state\":\"listen\""), 200U);
}

TEST(Limits, FewerDescriptorsThanProcessesNeed) {
    const Crowd crowd(20);
    Child logfia({"/bin/sh", "-c", crowd.script("-n 80"), LogfiaRun::program()});
    ASSERT_TRUE(wait_for_pieces(logfia, "\"initial\":true", 60)) << logfia.errors();
    EXPECT_THAT(logfia.errors(), MatchesRegex("logfia: 20 processes need [0-9]+ descriptors, but "
                                              "the limit is 80[^\n]*\n"));
    for (const auto& maker : crowd.makers) maker->ask("open " + made_file("passwd"));
    for (const auto& maker : crowd.makers) maker->ask("tcp-listen");
    ASSERT_TRUE(wait_for_pieces(logfia, "\"state\":\"listen\"", 20));
    EXPECT_EQ(count(complete_lines(logfia.output()), made_file("passwd")), 20U);
    for (const auto& maker : crowd.makers) maker->ask("close 3");
    ASSERT_TRUE(wait_for_pieces(logfia, "\"event\":\"close\"", 20));
    for (const auto& maker : crowd.makers) maker->end();
    EXPECT_EQ(logfia.wait(), 0);
    EXPECT_EQ(count(complete_lines(logfia.output()), "\"event\":\"open\""), 20U * 5);
    EXPECT_EQ(count(complete_lines(logfia.output()), "\"event\":\"close\""), 20U * 5);
}

/// The tables are reopened at each look; only root may open that of a dead first thread.
TEST(Limits, FirstThreadsAndZombiesAreNoticedAllTheSame) {
    const Crowd crowd(3);
    FdMaker& without_leader = *crowd.makers[0];
    const int zombie = crowd.makers[1]->fd("fork");
    Child logfia({"/bin/sh", "-c", crowd.script("-n 60") + ' ' + std::to_string(zombie),
                  LogfiaRun::program()});
    ASSERT_TRUE(wait_for_pieces(logfia, "\"initial\":true", 12)) << logfia.errors();
    without_leader.ask("thread-exit-leader");
    without_leader.ask("open " + made_file("passwd"));
    ASSERT_TRUE(wait_for_pieces(logfia, made_file("passwd"), 1));
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

/// A look under a limit: either all records, or a message about what is wrong.
void expect_records_or_a_word(const FdMaker& maker, const std::string& limit, std::size_t records) {
    const Outcome outcome =
        outcome_of_script("ulimit " + limit + "; exec \"$0\" -n -1 " + maker.pid_text());
    SCOPED_TRACE("ulimit " + limit + ": " + outcome.errors);
    ASSERT_TRUE(outcome.status == 0 || outcome.status == 1) << outcome.status;
    for (const std::string& line : complete_lines(outcome.errors))
        EXPECT_TRUE(line.starts_with("logfia: ")) << line;
    const bool told = !outcome.errors.empty() || count(outcome.lines, " lost ") > 0;
    if (outcome.status == 1) {
        EXPECT_TRUE(told);
        return;
    }
    EXPECT_TRUE(told || outcome.lines.size() == records) << outcome.lines.size();
}

/// Three more are needed by whoever starts it.
TEST(Limits, HoweverFewDescriptorsAreLeft) {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer needs descriptors of its own";
    FdMaker maker;
    maker.ask("many 16");
    for (int limit = 4; limit < 24; ++limit)
        expect_records_or_a_word(maker, "-n " + std::to_string(limit), 19);
}

bool can_start(long kilobytes) {
    const std::string limit = "ulimit -v " + std::to_string(kilobytes);
    return outcome_of_script(limit + "; exec \"$0\" --version 2>/dev/null").status == 0;
}

TEST(Limits, HoweverLittleMemoryIsLeft) {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer needs terabytes of addresses";
    FdMaker maker;
    maker.ask("many 3000");
    long kilobytes = 1024;
    while (!can_start(kilobytes)) kilobytes += 256;
    for (const long enough = kilobytes + 8192; kilobytes < enough; kilobytes += 256)
        expect_records_or_a_word(maker, "-v " + std::to_string(kilobytes), 3003);
}

/// From now on logfia gets no memory beyond what it has.
bool take_memory_from(const LogfiaRun& run) {
    const rlimit none{1, RLIM_INFINITY};
    return prlimit(run.pid(), RLIMIT_AS, &none, nullptr) == 0;
}

TEST(Limits, MemoryThatRunsOutEndsTheWatchWithAWord) {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer's own memory runs out first";
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-d", "5"}));
    ASSERT_TRUE(run.wait_for_count(3));
    ASSERT_TRUE(take_memory_from(run));
    maker.ask("burst 3000 " + made_file("passwd"));
    EXPECT_EQ(run.finish(), 1);
    EXPECT_THAT(run.errors(), MatchesRegex("logfia: [^\n]*Cannot allocate memory[^\n]*\n"));
}

TEST(Limits, ACommandIsWaitedForWithoutMemoryToo) {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer's own memory runs out first";
    const TempDir directory;
    const RecordFile records(directory.path("records"));
    LogfiaRun run({"-n", "-j", "-o", records.path(), "--", FdMaker::default_program()});
    records.wait_for([](const JsonRecord& record) { return record["fd"] == "2"; });
    ASSERT_TRUE(take_memory_from(run));
    run.child().write("burst 3000 " + made_file("passwd") + "\n");
    ASSERT_TRUE(run.wait_for_line("ok"));
    ASSERT_TRUE(eventually([&] {
        run.child().read_more(std::chrono::milliseconds(10));
        return !run.errors().empty();
    }));
    run.child().write("open " + made_file("group") + "\n");
    ASSERT_TRUE(run.wait_for_count(2)) << "the command goes on";
    run.child().write("exit 7\n");
    EXPECT_EQ(run.finish(), 7);
    EXPECT_THAT(run.errors(), MatchesRegex("logfia: [^\n]*Cannot allocate memory[^\n]*\n"));
}

}  // namespace
}  // namespace logfia::test
