#include "app/parsed_options.hpp"

#include <gtest/gtest.h>

namespace logfia {
namespace {

/// Whole messages, as users see them.
TEST(CheckOptions, SaysWhatIsWrong) {
    const auto said = [](const std::vector<const char*>& words) {
        const std::string text = test::parse(words).err;
        return text.substr(0, text.find('\n'));
    };
    EXPECT_EQ(said({"7", "--", "true"}), "logfia: a PID and a COMMAND cannot be used together");
    EXPECT_EQ(said({"-p", "7", "-a"}), "logfia: --all and a PID cannot be used together");
    EXPECT_EQ(said({"-c", "-C", "7"}),
              "logfia: --summary and --summary-only cannot be used together");
    EXPECT_EQ(said({"-u", "root", "7"}), "logfia: --user makes sense only with --name or --all");
    EXPECT_EQ(said({"-j", "-l", "7"}),
              "logfia: --long makes no sense with --json: JSON always has all keys");
}

TEST(CheckOptions, ProcessesThatCannotBeMeantTogether) {
    test::expect_refused({
        {{}, "no process"},
        {{"7", "--", "true"}, "a PID and a COMMAND"},
        {{"-p", "7", "--", "true"}, "a PID and a COMMAND"},
        {{"--name", "a", "--", "true"}, "--name and a COMMAND"},
        {{"--all", "--", "true"}, "--all and a COMMAND"},
        {{"-1", "--", "true"}, "--once"},
        {{"-u", "root", "--", "true"}, "--user"},
        {{"-a", "7"}, "--all and a PID"},
        {{"-a", "--name", "x"}, "--all and --name"},
        {{"-u", "root", "7"}, "--user"},
        {{"--not-name", "x", "7"}, "--not-name makes sense only with --name, --all or --follow"},
        {{"--not-name", "x", "--", "true"}, "--not-name"},
        {{"--not-name", "x"}, "no process"},
    });
}

TEST(CheckOptions, OptionsThatLeaveNothingToDo) {
    test::expect_refused({
        {{"--long", "--no-long", "1"}, "--long and --no-long"},
        {{"--once", "--duration", "1", "1"}, "--once"},
        {{"--once", "--no-initial", "1"}, "--no-initial"},
        {{"-r", "-t", "tcp", "7"}, "--real-files"},
        {{"-c", "-C", "7"}, "--summary"},
        {{"--leak-min", "3", "7"}, "--leak-min"},
        {{"--leaks", "-1", "7"}, "--leaks"},
        {{"-1", "-e", "close", "7"}, "--event"},
        {{"-j", "-l", "7"}, "--long"},
        {{"-j", "--no-long", "7"}, "--no-long"},
        {{"-j", "--color", "always", "7"}, "--color"},
    });
}

TEST(CheckOptions, AnExactWatchIsOfACommandOnly) {
    const char* needs =
        "--exact needs a COMMAND to start: exact watching of running processes "
        "needs BPF, which is not built in yet";
    test::expect_refused({
        {{"-X", "7"}, needs},
        {{"-X", "-p", "7"}, needs},
        {{"-X", "--name", "a"}, needs},
        {{"-X", "-a"}, needs},
        {{"-X"}, needs},
        {{"-X", "-1", "7"}, needs},
        {{"-X", "7", "--", "true"}, "a PID and a COMMAND"},
        {{"-X", "-1", "--", "true"}, "--once takes one look"},
        {{"-X", "-u", "root", "--", "true"}, "--user"},
    });
}

TEST(CheckOptions, AnExactWatchHasNoLooks) {
    test::expect_refused({
        {{"-X", "-d", "5", "--", "true"}, "--interval makes no sense with --exact: the kernel"},
        {{"--exact", "--interval=0", "--", "true"}, "--interval makes no sense with --exact"},
        {{"-X", "--proc", "/proc", "--", "true"}, "--proc makes no sense with --exact: a COMMAND"},
        {{"-X", "-e", "hangup", "--", "true"}, "--event: there is no hangup with --exact"},
        {{"-X", "-e", "open,+hangup", "--", "true"}, "there is no hangup with --exact"},
        {{"-X", "-e", "all,+hangup", "--", "true"}, "there is no hangup with --exact"},
        {{"-X", "-e", "+hangup,+start,+exec,+exit", "--", "true"}, "there is no hangup"},
    });
}

TEST(CheckOptions, AnExactWatchTakesTheRest) {
    const std::vector<std::vector<const char*>> lines{
        {"-X", "--", "true"},
        {"-nX", "--", "true"},
        {"-X", "-f", "--not-name", "sh", "--inherited", "--no-initial", "--", "true"},
        {"-X", "--no-dup", "-t", "inet", "-i", "*:53", "--", "true"},
        {"-X", "-r", "-x", "/proc/*", "-j", "--", "true"},
        {"-X", "-e", "all", "--", "true"},
        {"-X", "-e", "+start,+exec,+exit", "--", "true"},
        {"-X", "--leaks", "--leak-min", "1", "-c", "--", "true"},
        {"-X", "--count", "1", "--duration", "1", "-o", "x", "--", "true"},
    };
    for (const auto& words : lines) {
        const auto parsed = test::parse(words);
        ASSERT_TRUE(std::holds_alternative<Options>(parsed.result)) << parsed.err;
        EXPECT_TRUE(parsed.options().exact);
    }
    EXPECT_FALSE(test::parse({"--", "true"}).options().exact);
    EXPECT_FALSE(test::parse({"--", "true", "-X"}).options().exact);
    EXPECT_FALSE(test::parse({"--exact=false", "7"}).options().exact);
}

}  // namespace
}  // namespace logfia
