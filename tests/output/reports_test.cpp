#include "output/events.hpp"
#include "support/event_parts.hpp"
#include "support/json_text.hpp"
#include <logfia/base/escape.hpp>
#include <logfia/output/leak_writer.hpp>
#include <logfia/output/summary_writer.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::fd_of;
using test::moment;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TimeColumn iso() {
    return {TimeStyle::iso, moment().steady};
}

SummaryRow row(std::string name, std::uint64_t opens) {
    SummaryRow row;
    row.name = std::move(name);
    row.type = FdType::file;
    row.opens = opens;
    row.closes = opens;
    row.most_open = 1;
    row.held_total = milliseconds(1500);
    row.held_longest = microseconds(812);
    return row;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TEST(ShortTime, HasThreeDigitsAndAUnit) {
    const std::pair<Duration, const char*> table[] = {
        {Duration(0), "0us"},
        {microseconds(812), "812us"},
        {microseconds(5150), "5.15ms"},
        {microseconds(99'940), "99.9ms"},
        {microseconds(999'400), "999ms"},
        {microseconds(999'900), "1.00s"},
        {milliseconds(2300), "2.30s"},
        {milliseconds(59'990), "1m00s"},
        {seconds(192), "3m12s"},
        {minutes(125), "2h05m"},
    };
    for (const auto& [time, text] : table) EXPECT_EQ(short_time(time), text);
}

TEST(GroupedDigits, InThrees) {
    EXPECT_EQ(grouped_digits(0), "0");
    EXPECT_EQ(grouped_digits(999), "999");
    EXPECT_EQ(grouped_digits(1000), "1,000");
    EXPECT_EQ(grouped_digits(1234567), "1,234,567");
}

TEST(SummaryReport, IsATable) {
    std::vector<SummaryRow> rows{row("/tmp/x*", 1200), row("tcp 192.0.2.1:80", 3), row("/etc", 0)};
    rows[0].names = 17;
    rows[1].host = "www.example.org.";
    RunTotals totals;
    totals.sources.processes = 1;
    totals.sources.looks = 1234;
    totals.sources.late_looks = 2;
    totals.names_asked = 7;
    totals.names_found = 5;
    totals.records = 1;
    std::string text;
    append_summary(text, rows, totals, 0);
    EXPECT_EQ(text,
              "OPENS CLOSES OPEN MOST  HELD LONGEST NAME\n"
              "1,200  1,200    0    1 1.50s   812us /tmp/x* (17 names)\n"
              "    3      3    0    1 1.50s   812us tcp 192.0.2.1:80 www.example.org.\n"
              "    0      0    0    1     -       - /etc\n"
              "1 process, 1,234 looks (2 late), 5 of 7 host names found, 1 record\n");
}

std::size_t columns(const std::string& line) {
    return static_cast<std::size_t>(
        std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

TEST(SummaryReport, FitsTheTerminal) {
    const std::vector<SummaryRow> rows{row("/" + std::string(300, 'a') + "/the_end", 1),
                                       row("/\xc3\xa9" + std::string(300, 'b'), 1),
                                       row("/short", 1), row("/a\nb\xff", 1)};
    for (std::size_t width = 60; width < 400; ++width) {
        std::string text;
        append_summary(text, rows, {}, width);
        const auto lines = lines_of(text);
        ASSERT_EQ(lines.size(), 6U);
        for (const std::string& line : lines) ASSERT_LE(columns(line), width) << line;
        EXPECT_TRUE(is_valid_utf8(text));
        EXPECT_THAT(lines[1], ::testing::EndsWith("end"));
        EXPECT_THAT(lines[4], HasSubstr("/a\\nb\\xff"));
    }
    std::string narrow;
    append_summary(narrow, rows, {}, 1);
    EXPECT_THAT(narrow, HasSubstr("…"));
}

TEST(SummaryReport, IsOneJsonObject) {
    std::vector<SummaryRow> rows{row("/x\xff\n", 2), row("/y", 1)};
    rows[1].names = 3;
    RunTotals totals;
    totals.sources.processes = 4;
    std::string text;
    append_summary_json(text, rows, totals, iso(), moment());
    ASSERT_EQ(lines_of(text).size(), 1U);
    const auto members = test::parse_json_object(lines_of(text)[0]);
    ASSERT_TRUE(members) << text;
    EXPECT_THAT(text, StartsWith("{\"time\":\"2017-05-0"));
    EXPECT_THAT(text, HasSubstr("\"event\":\"summary\",\"processes\":4,"));
    EXPECT_THAT(text, HasSubstr("\"name_hex\":\"2f78ff0a\""));
    EXPECT_THAT(text, HasSubstr("\"names\":3"));
    EXPECT_THAT(text, HasSubstr("\"held_ms\":1500,\"longest_ms\":0.812"));
    std::string empty;
    append_summary_json(empty, {}, {}, iso(), moment());
    EXPECT_TRUE(test::parse_json_object(lines_of(empty)[0])) << empty;
}

LeakGroup leak_group(const std::string& name, std::uint64_t count, LeakRule rule) {
    LeakGroup group;
    group.pid = 42;
    group.comm = "cat";
    group.type = FdType::file;
    group.name = name;
    group.count = count;
    group.first_seen = moment();
    group.fd_limit = 1024;
    group.watched = seconds(15);
    group.rule = rule;
    group.judged = true;
    return group;
}

TEST(LeakReport, IsUnderstoodAtAGlance) {
    LeakReport report;
    report.fewest = 10;
    report.groups = {leak_group("/var/log/app.log", 412, LeakRule::open_at_the_end),
                     leak_group("*:443", 15, LeakRule::growth),
                     leak_group("/tmp/a\nb", 1, LeakRule::none)};
    report.groups[1].type = FdType::tcp;
    report.groups[1].in_close_wait = 12;
    report.groups.push_back(leak_group("/x", 1, LeakRule::none));
    report.groups[3].judged = false;
    report.forgotten = 1234;
    std::string text;
    append_leaks(text, report, LeakVerdict::given, {TimeStyle::unix, {}});
    EXPECT_EQ(
        text,
        "leaked descriptors, 10 or more alike:\n"
        "  412 of 1,024 (40 %)  cat[42]  file /var/log/app.log  since 1494175240.663016 until "
        "the command ended\n"
        "  15 of 1,024 (1.5 %)  cat[42]  tcp *:443 (12 in CLOSE_WAIT)  since "
        "1494175240.663016, growing for 15.0s\n"
        "left open, but no leak:\n"
        "  1 of 1,024 (0.10 %)  cat[42]  file /tmp/a\\nb  since 1494175240.663016\n"
        "left open by processes watched for less than 10 s, not judged:\n"
        "  1 of 1,024 (0.10 %)  cat[42]  file /x  since 1494175240.663016\n"
        "  and 1,234 more, none of them a leak\n");
}

TEST(LeakReport, WithoutAny) {
    std::string text;
    append_leaks(text, {}, LeakVerdict::given, iso());
    EXPECT_EQ(text, "no leaked descriptors\n");
    text.clear();
    append_leaks(text, {}, LeakVerdict::none, iso());
    EXPECT_EQ(text,
              "no verdict on leaks: no process was watched for the 10 s in which growth shows\n");
}

TEST(LeakReport, IsOneJsonObject) {
    LeakReport report;
    report.fewest = 2;
    report.groups = {leak_group("/x\xff", 2, LeakRule::open_at_the_end),
                     leak_group("/y", 2, LeakRule::growth), leak_group("/z", 1, LeakRule::none)};
    report.groups[1].in_close_wait = 1;
    std::string text;
    append_leaks_json(text, report, LeakVerdict::given, iso(), moment());
    ASSERT_EQ(lines_of(text).size(), 1U);
    ASSERT_TRUE(test::parse_json_object(lines_of(text)[0])) << text;
    EXPECT_THAT(
        text,
        HasSubstr(
            "\"event\":\"leaks\",\"leaked\":true,\"judged\":true,\"leak_min\":2,\"groups\":["));
    EXPECT_THAT(text, HasSubstr("\"name_hex\":\"2f78ff\",\"count\":2,\"leak\":true,"
                                "\"rule\":\"open_at_exit\",\"judged\":true,\"first_seen\":"));
    EXPECT_THAT(
        text, HasSubstr("\"leak\":true,\"rule\":\"growth\",\"judged\":true,\"in_close_wait\":1,"));
    EXPECT_THAT(text, HasSubstr("\"count\":1,\"leak\":false,\"judged\":true,\"first_seen\":"));
    EXPECT_THAT(text, HasSubstr("\"watched_ms\":15000,\"fd_limit\":1024,\"fd_share\":0.0020}"));
    EXPECT_THAT(text, HasSubstr("\"not_listed\":0}"));
}

/// A writer without a command, as of processes that run already.
TEST(LeakReport, IsWrittenAtTheEnd) {
    LeakWriter writer({ReportFormat::text, iso(), -1}, 1, {}, moment().steady);
    std::string text;
    writer.append(text, test::make_event(EventKind::open, FdType::file, "/x"), "");
    EXPECT_EQ(text, "");
    writer.finish(text, {}, moment());
    EXPECT_THAT(
        text,
        HasSubstr("no verdict on leaks: no process was watched for the 10 s in which growth shows\n"
                  "left open by processes watched for less than 10 s, not judged:\n  1  cat[42]"));
    EXPECT_FALSE(writer.has_findings());
    LeakWriter of_command({ReportFormat::text, iso(), -1}, 1,
                          {7, [] { return CommandEnd::by_itself; }}, moment().steady);
    Event open = test::make_event(EventKind::open, FdType::file, "/x");
    open.actor.number = 7;
    Event close = open;
    close.kind = EventKind::close;
    fd_of(close).at_exit = true;
    of_command.append(text, open, "");
    of_command.append(text, close, "");
    of_command.finish(text, {}, moment());
    EXPECT_TRUE(of_command.has_findings());
}

/// A misspelt name has found nobody, whatever time that took.
TEST(LeakReport, IsAVerdictOnlyWhereSomebodyWasWatchedForLongEnough) {
    const auto verdict = [](std::uint64_t processes, int watched) {
        LeakWriter writer({ReportFormat::text, iso(), -1}, 1, {}, moment().steady);
        RunTotals totals;
        totals.sources.processes = processes;
        Now end = moment();
        end.steady += std::chrono::seconds(watched);
        std::string text;
        writer.finish(text, totals, end);
        return text.substr(0, text.find_first_of(":\n"));
    };
    EXPECT_EQ(verdict(1, 10), "no leaked descriptors");
    EXPECT_EQ(verdict(1, 9), "no verdict on leaks");
    EXPECT_EQ(verdict(0, 60), "no verdict on leaks");
}

}  // namespace
}  // namespace logfia
