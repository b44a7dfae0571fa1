#include "app/parsed_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::parse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Options, Defaults) {
    const auto parsed = parse({"42"});
    const Options& options = parsed.options();
    EXPECT_THAT(options.processes.pids, ElementsAre(42));
    EXPECT_EQ(options.poller.interval, Interval(milliseconds(100)));
    EXPECT_EQ(options.dns_wait, milliseconds(250));
    EXPECT_EQ(options.proc, "/proc");
    EXPECT_EQ(options.time, TimeStyle::iso);
    EXPECT_TRUE(options.filter.initial && options.filter.hosts);
    EXPECT_FALSE(options.long_format || options.json || options.numeric ||
                 options.filter.real_files_only || options.poller.single_look || options.quiet ||
                 options.duration || options.count || options.processes.follow ||
                 options.processes.all || options.leaks || options.filter.types ||
                 options.filter.events || options.processes.user);
    EXPECT_EQ(options.summary, SummaryWhen::never);
    EXPECT_THAT(options.command, ::testing::IsEmpty());
    EXPECT_EQ(parsed.err, "");
}

/// The first one may come from a shell alias.
TEST(Options, TheLastOfTwoCounts) {
    const auto parsed = parse({"-d", "5", "--time", "unix", "-t", "file", "-d", "7", "--time=iso",
                               "-t", "tcp", "-n", "-n", "42"});
    const Options& options = parsed.options();
    EXPECT_EQ(options.poller.interval, Interval(milliseconds(7)));
    EXPECT_EQ(options.time, TimeStyle::iso);
    EXPECT_TRUE(options.filter.types->contains(FdType::file)) << "of a list, all count";
    EXPECT_TRUE(options.filter.types->contains(FdType::tcp));
}

TEST(Options, PidsComeAsWordsAndLists) {
    EXPECT_THAT(parse({"7", "-p", "8,9", "--pid=7", "-p", "10", "11"}).options().processes.pids,
                ElementsAre(7, 11, 8, 9, 10));
}

TEST(Options, EveryFlagHasItsPlace) {
    const auto parsed = parse({"-d", "10", "-r", "-j", "-n", "-1", "--count", "5", "-q", "-o",
                               "/tmp/x", "--time", "delta", "--proc", "/host", "42"});
    ASSERT_TRUE(std::holds_alternative<Options>(parsed.result)) << parsed.err;
    const Options& options = parsed.options();
    EXPECT_TRUE(options.filter.real_files_only && options.json && options.numeric &&
                options.poller.single_look && options.quiet);
    EXPECT_FALSE(options.filter.hosts);
    EXPECT_EQ(options.poller.interval, Interval(milliseconds(10)));
    EXPECT_EQ(options.count, 5U);
    EXPECT_EQ(options.output, "/tmp/x");
    EXPECT_EQ(options.time, TimeStyle::delta);
    EXPECT_EQ(parse({"--color", "always", "42"}).options().color, ColorWhen::always);
    EXPECT_EQ(options.proc, "/host");
    EXPECT_EQ(options.dns_wait, seconds(2));
    const auto servers = parse({"--dns-server", "127.0.0.1:5353", "42"}).options().dns_servers;
    ASSERT_EQ(servers.size(), 1U);
    EXPECT_EQ(servers[0].port, 5353);
    EXPECT_FALSE(parse({"--no-initial", "42"}).options().filter.initial);
    EXPECT_EQ(parse({"--duration", "2m", "42"}).options().duration, minutes(2));
    EXPECT_EQ(parse({"--dns-wait", "0", "42"}).options().dns_wait, Duration(0));
}

TEST(Options, LongColumnsComeWithASecondProcess) {
    EXPECT_FALSE(parse({"1"}).options().long_format);
    EXPECT_TRUE(parse({"1", "2"}).options().long_format);
    EXPECT_FALSE(parse({"1", "1"}).options().long_format);
    EXPECT_TRUE(parse({"-l", "1"}).options().long_format);
    EXPECT_FALSE(parse({"--no-long", "1", "2"}).options().long_format);
}

TEST(Options, LongColumnsComeWhereManyCanBeWatched) {
    EXPECT_TRUE(parse({"-f", "1"}).options().long_format);
    EXPECT_TRUE(parse({"--name", "a*"}).options().long_format);
    EXPECT_TRUE(parse({"-a"}).options().long_format);
    EXPECT_TRUE(parse({"-f", "--", "true"}).options().long_format);
    EXPECT_FALSE(parse({"--", "true"}).options().long_format);
    EXPECT_FALSE(parse({"--no-long", "-a"}).options().long_format);
}

TEST(Options, WhatFollowsTheDashesIsTheCommand) {
    const auto parsed = parse({"-q", "--", "make", "-j", "2", "--", "-d", "x"});
    const Options& options = parsed.options();
    EXPECT_THAT(options.command, ElementsAre("make", "-j", "2", "--", "-d", "x"));
    EXPECT_FALSE(options.json);
    EXPECT_EQ(options.poller.interval, Interval(milliseconds(1)));
    EXPECT_EQ(parse({"-d", "20", "--", "true"}).options().poller.interval,
              Interval(milliseconds(20)));
    EXPECT_TRUE(parse({"-d", "0", "--", "true"}).options().poller.interval.is_back_to_back());
}

TEST(Options, ProcessesByNameAndUser) {
    const auto parsed = parse({"--name", "a*", "--name", "b", "-u", "12345", "-f", "7"});
    const Options& options = parsed.options();
    EXPECT_THAT(options.processes.names, ElementsAre("a*", "b"));
    EXPECT_THAT(options.processes.pids, ElementsAre(7));
    EXPECT_EQ(options.processes.user, uid_t{12345});
    EXPECT_TRUE(options.processes.follow);
    EXPECT_EQ(parse({"-a", "-u", "root"}).options().processes.user, uid_t{0});
    EXPECT_TRUE(parse({"-a"}).options().processes.all);
}

TEST(Options, Filters) {
    const auto parsed = parse({"-t", "file,inet", "-t", "pipe", "-e", "open,close", "-i", "*.log",
                               "-i", "a", "-x", "/proc/*", "7"});
    const FilterOptions& filter = parsed.options().filter;
    for (const FdType type : {FdType::file, FdType::tcp6, FdType::udp, FdType::pipe})
        EXPECT_TRUE(filter.types->contains(type));
    EXPECT_FALSE(filter.types->contains(FdType::directory));
    EXPECT_FALSE(filter.types->contains(FdType::raw));
    EXPECT_TRUE(filter.events->contains(EventKind::close));
    EXPECT_FALSE(filter.events->contains(EventKind::rename));
    EXPECT_EQ(filter.include.size(), 2U);
    EXPECT_EQ(filter.exclude.size(), 1U);
}

TEST(Options, EventsAreChosenOrAdded) {
    const auto tells = [](const std::vector<const char*>& words, EventKind kind) {
        return parse(words).options().filter.tells(kind);
    };
    EXPECT_TRUE(tells({"-e", "+exec", "7"}, EventKind::exec));
    EXPECT_TRUE(tells({"-e", "+exec", "7"}, EventKind::listen));
    EXPECT_FALSE(tells({"-e", "+exec", "7"}, EventKind::exit));
    for (const auto& words : std::vector<std::vector<const char*>>{
             {"-e", "open,+exec", "7"}, {"-e", "+exec", "-e", "open", "7"}}) {
        EXPECT_TRUE(tells(words, EventKind::open));
        EXPECT_TRUE(tells(words, EventKind::exec));
        EXPECT_FALSE(tells(words, EventKind::close));
    }
    EXPECT_TRUE(tells({"-e", "all", "7"}, EventKind::hangup));
    EXPECT_FALSE(tells({"-e", "all", "7"}, EventKind::create));
    EXPECT_TRUE(parse({"--inherited", "-f", "7"}).options().filter.inherited);
    EXPECT_FALSE(parse({"-f", "7"}).options().filter.inherited);
}

TEST(Options, EachPartIsToldWhatItNeeds) {
    const auto once = parse({"-1", "-r", "-d", "5", "7"}).options();
    EXPECT_FALSE(once.processes.waits);
    EXPECT_TRUE(once.poller.single_look);
    EXPECT_FALSE(once.poller.socket_details);

    const auto command = parse({"-j", "--leaks", "--no-dup", "--", "true"}).options();
    EXPECT_TRUE(command.processes.waits && command.processes.orphans_are_ours);
    EXPECT_TRUE(command.poller.limits && command.poller.targets && command.poller.totals);
    EXPECT_FALSE(command.poller.copies || command.poller.single_look);
}

/// The facts that are wanted, one letter each: of types, access, details and identity.
std::string facts_of(const std::vector<const char*>& words) {
    const WantedFacts facts = parse(words).options().poller.facts;
    return std::string(facts.types ? "t" : "") + (facts.access ? "a" : "") +
           (facts.details ? "d" : "") + (facts.identity ? "i" : "");
}

TEST(Options, OnlyFactsThatAreShownOrNeededLaterAreAskedFor) {
    struct Case {
        std::vector<const char*> words;
        const char* facts;
    };
    const std::vector<Case> cases{
        {{"-1", "7"}, ""},
        {{"-1", "-t", "socket", "7"}, ""},
        {{"-1", "-i", "*.log", "7"}, ""},
        {{"-1", "-l", "7"}, "a"},
        {{"-1", "-a"}, "a"},
        {{"-1", "-a", "--no-long"}, ""},
        {{"-1", "-r", "7"}, "t"},
        {{"-1", "-t", "file", "7"}, "t"},
        {{"-1", "-t", "tcp,tty", "7"}, "t"},
        {{"-1", "-c", "7"}, "t"},
        {{"-1", "-l", "-c", "7"}, "t"},
        {{"-1", "-j", "7"}, "tad"},
        {{"-1", "-j", "-c", "7"}, "t"},
        {{"7"}, "ti"},
        {{"-l", "7"}, "tai"},
        {{"-j", "7"}, "tadi"},
        {{"--leaks", "--", "true"}, "tai"},
        {{"-X", "--", "true"}, ""},
        {{"-X", "-f", "--", "true"}, "a"},
        {{"-X", "-r", "--", "true"}, "t"},
        {{"-X", "-t", "tcp", "--", "true"}, ""},
        {{"-X", "-c", "--", "true"}, "t"},
        {{"-X", "-j", "--", "true"}, "tad"},
        {{"-X", "--leaks", "--", "true"}, "ta"},
    };
    for (const Case& one : cases)
        EXPECT_EQ(facts_of(one.words), one.facts) << testing::PrintToString(one.words);
}

/// Only JSON, and the long columns of a `close`, have a place for totals.
TEST(Options, TotalsAreAskedForWhereTheyAreShown) {
    for (const auto& words : std::vector<std::vector<const char*>>{
             {"-j", "7"}, {"-l", "7"}, {"-f", "7"}, {"-l", "-t", "tcp6", "7"}})
        EXPECT_TRUE(parse(words).options().poller.totals) << words[0];
    for (const auto& words : std::vector<std::vector<const char*>>{{"7"},
                                                                   {"-j", "-1", "7"},
                                                                   {"-l", "-c", "7"},
                                                                   {"-j", "-e", "open", "7"},
                                                                   {"-j", "-t", "udp", "7"}})
        EXPECT_FALSE(parse(words).options().poller.totals) << words[0];
}

TEST(Options, HangupsAreNoticedForWhoAsksForThemAndForLeaks) {
    EXPECT_TRUE(parse({"-e", "open,hangup", "7"}).options().poller.hangups);
    EXPECT_TRUE(parse({"--leaks", "7"}).options().poller.hangups);
    EXPECT_FALSE(parse({"7"}).options().poller.hangups);
    EXPECT_FALSE(parse({"-j", "-e", "open", "7"}).options().poller.hangups);
    EXPECT_FALSE(parse({"-X", "--leaks", "--", "true"}).options().poller.hangups);
    EXPECT_FALSE(parse({"-X", "-e", "all", "--", "true"}).options().poller.hangups);
}

TEST(Options, ADashIsStandardOutput) {
    EXPECT_EQ(parse({"-o", "-", "7"}).options().output, "");
    EXPECT_EQ(parse({"-o", "./-", "7"}).options().output, "./-");
}

TEST(Options, AFlagCanBeTakenBack) {
    const auto parsed = parse({"--json=false", "-l", "7"});
    EXPECT_FALSE(parsed.options().json);
    EXPECT_TRUE(parsed.options().long_format);
}

TEST(Options, WhatIsSaidAtTheEnd) {
    EXPECT_EQ(parse({"-c", "7"}).options().summary, SummaryWhen::only);
    EXPECT_EQ(parse({"-C", "7"}).options().summary, SummaryWhen::after);
    EXPECT_EQ(parse({"--leaks", "7"}).options().leak_min, 10U);
    EXPECT_EQ(parse({"--leaks", "--leak-min", "5", "7"}).options().leak_min, 5U);
}

TEST(Options, WordsThatAreNoOptions) {
    test::expect_refused({
        {{"-5"}, "'-5' is not a PID"},
        {{"-17"}, "'-17' is not a PID"},
        {{"-d", "-1", "1"}, ""},
        {{"--nonsense", "1"}, "there is no option '--nonsense'"},
        {{"--nonsense=5", "1"}, "there is no option '--nonsense=5'"},
        {{"-nzj", "1"}, "there is no option '-nzj'"},
        {{"-o"}, "-o: the value is missing"},
        {{"1", "--duration"}, "--duration: the value is missing"},
        {{"1", "-nd"}, "-nd: the value is missing"},
        {{"--"}, "no COMMAND"},
    });
}

/// No word of the command line can control the terminal, or forge a line.
TEST(Options, WordsAreEscapedInEveryMessage) {
    const std::string evil = "x\n\x1b[2J\x9b\xff\u009b\u202e\\";
    const std::string shown = "x\\n\\x1b[2J\\x9b\\xff\\xc2\\x9b\\xe2\\x80\\xae\\\\";
    const std::string unknown = "--" + evil;
    const std::string list = "1," + evil;
    const std::string path = '/' + evil;
    const std::string color = "--color=" + evil;
    const char* word = evil.c_str();
    const std::vector<std::vector<const char*>> lines = {
        {word},
        {path.c_str()},
        {unknown.c_str(), "1"},
        {"-p", list.c_str()},
        {"-d", word, "1"},
        {"--duration", word, "1"},
        {"--count", word, "1"},
        {"--time", word, "1"},
        {color.c_str(), "1"},
        {"--dns-wait", word, "1"},
        {"--dns-server", word, "1"},
        {"--leaks", "--leak-min", word, "1"},
        {"--name", path.c_str()},
        {"-u", word, "-a"},
        {"-t", word, "1"},
        {"-e", word, "1"},
    };
    for (const auto& words : lines) {
        const auto parsed = parse(words);
        EXPECT_TRUE(parsed.is_usage_error()) << words[0];
        EXPECT_THAT(parsed.err, HasSubstr(shown));
        EXPECT_EQ(std::count(parsed.err.begin(), parsed.err.end(), '\n'), 2) << parsed.err;
        EXPECT_THAT(parsed.err,
                    ::testing::EndsWith("\nlogfia: 'logfia --help' lists the options\n"));
        EXPECT_THAT(parsed.err, ::testing::StartsWith("logfia: "));
    }
}

TEST(Options, AnEqualsSignWithNothingBehindIt) {
    const struct {
        std::vector<const char*> words;
        const char* said;
    } lines[] = {
        {{"--interval=", "5", "1"}, "--interval=: the value is missing; write --interval=TIME"},
        {{"--pid=", "1"}, "--pid=: the value is missing; write --pid=LIST"},
        {{"--name=", "a"}, "--name=: the value is missing"},
        {{"--output=", "--json", "1"}, "--output=: the value is missing"},
        {{"1", "--dns-server="}, "--dns-server=: the value is missing"},
        {{"-n", "--count=", "--", "true"}, "--count=: the value is missing"},
        {{"--json=", "1"}, "--json=: this option takes no value; write --json\n"},
        {{"-nj", "--follow=", "1"}, "--follow=: this option takes no value"},
        {{"-nd5", "--all="}, "--all=: this option takes no value"},
        {{"--leaks=3", "1"}, "--leaks=3: this option takes no value; write --leaks\n"},
        {{"--help="}, "--help=: this option takes no value"},
        {{"--version="}, "--version=: this option takes no value"},
        {{"--no-such=", "1"}, "--no-such="},
        {{"--output", "", "1"}, "--output: the name of the file is empty"},
        {{"--interval", "", "1"}, "--interval: ''"},
        {{"-d=", "1"}, "--interval: '='"},
    };
    for (const auto& line : lines) {
        const auto parsed = parse(line.words);
        EXPECT_TRUE(parsed.is_usage_error()) << line.said;
        EXPECT_THAT(parsed.err, HasSubstr(line.said));
    }
}

/// Even a value that looks like something else.
TEST(Options, TheValueOfAnOptionIsTakenAsItStands) {
    EXPECT_EQ(parse({"-o", "--json=", "1"}).options().output, "--json=");
    EXPECT_EQ(parse({"--output", "--pid=", "1"}).options().output, "--pid=");
    EXPECT_EQ(parse({"-njo", "--all=", "1"}).options().output, "--all=");
    EXPECT_EQ(parse({"--output=--json=", "1"}).options().output, "--json=");
    EXPECT_EQ(parse({"-o", "-5", "1"}).options().output, "-5");
    EXPECT_THAT(parse({"--", "make", "--jobs=", "-5"}).options().command,
                ElementsAre("make", "--jobs=", "-5"));
    EXPECT_THAT(parse({"--count", "-5", "1"}).err, HasSubstr("--count: '-5'"));
}

TEST(Options, HelpAndVersionGoToStandardOutput) {
    for (const char* flag : {"-h", "--help"}) {
        const auto parsed = parse({flag});
        EXPECT_EQ(std::get<ExitStatus>(parsed.result), ExitStatus::success);
        EXPECT_THAT(parsed.out, HasSubstr("--interval"));
        EXPECT_EQ(parsed.err, "");
    }
    for (const char* flag : {"-V", "--version"}) {
        const auto parsed = parse({flag});
        EXPECT_EQ(std::get<ExitStatus>(parsed.result), ExitStatus::success);
        EXPECT_THAT(parsed.out, ::testing::MatchesRegex("logfia [0-9]+\\.[0-9]+\\.[0-9]+\n"));
    }
}

}  // namespace
}  // namespace logfia
