// Names of any bytes: each record is one line; nothing is lost and nothing unescaped reaches the
// terminal.

#include "support/any_bytes.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace logfia::test {
namespace {

/// The lines of a run have lost their newlines.
bool is_harmless(const std::string& line) {
    return is_harmless_line(line + '\n');
}

struct Name {
    const char* title;
    std::string bytes;
};

void PrintTo(const Name& name, std::ostream* out) {
    *out << name.title;
}

const Name kNames[] = {
    {"Newline", "a\nb 2017-05-07T12:40:40.663016-04:00 open secret"},
    {"Quotes", "say \"hi\" it's `x` $(y)"},
    {"Backslashes", "\\n\\\\x41\\"},
    {"Controls", "\x01\x02\x1b[31mred\x1b]0;title\x07\r\b\t\x7f"},
    {"InvalidUtf8", "\xff\xfe caf\xe9 \xc3"},
    {"OverlongUtf8", "\xc0\xaf\xe0\x80\xaf\xed\xa0\x80\xf8\x88"},
    {"C1Controls",
     "a\xc2\x9b"
     "31mb"},
    {"BidiControls", "gpj.\u202eexe\u2066\u200f"},
    {"ValidUtf8", "Grüße 世界 😀"},
    {"Spaces", " leading and trailing  "},
    {"DeletedInTheName", "really there (deleted)"},
};

class NameBytes : public testing::TestWithParam<Name> {};

TEST_P(NameBytes, AreKeptInTextAndJson) {
    const TempDir directory;
    FdMaker maker;
    const std::string path = directory.path(GetParam().bytes);
    const int fd = maker.fd("open " + as_word(path) + " rw create");

    const Outcome text = outcome_of(watch_arguments(maker, {"--once"}));
    ASSERT_EQ(text.lines.size(), 4U);
    EXPECT_EQ(unescaped(without_time(text.lines.at(3)).substr(5)), path);
    EXPECT_TRUE(is_harmless(text.lines.at(3))) << text.lines.at(3);

    const Outcome json = outcome_of(watch_arguments(maker, {"--once", "-j"}));
    ASSERT_EQ(json.lines.size(), 4U);
    const JsonRecord record(json.lines.at(3));
    EXPECT_EQ(record["fd"], std::to_string(fd));
    EXPECT_EQ(record.bytes("name"), path);
    EXPECT_EQ(record["type"], "file");
    EXPECT_FALSE(record.has("deleted"));
    EXPECT_TRUE(is_harmless(json.lines.at(3))) << json.lines.at(3);
}

INSTANTIATE_TEST_SUITE_P(All, NameBytes, testing::ValuesIn(kNames),
                         [](const auto& name) { return std::string(name.param.title); });

/// A path of exactly this many bytes, its directories made.
std::string long_path(const TempDir& directory, std::size_t length) {
    std::string path = directory.path("long");
    while (path.size() + 202 < length) path += '/' + std::string(200, 'd');
    std::filesystem::create_directories(path);
    return path + '/' + std::string(length - path.size() - 1, 'f');
}

TEST(LongNames, FourThousandBytes) {
    const TempDir directory;
    FdMaker maker;
    const std::string path = long_path(directory, 4000);
    const int fd = maker.fd("open " + path + " rw create");
    const Outcome text = outcome_of(watch_arguments(maker, {"--once"}));
    EXPECT_EQ(without_time(text.lines.at(3)), "open " + path);
    const Outcome json = outcome_of(watch_arguments(maker, {"--once", "-j"}));
    EXPECT_EQ(JsonRecord(json.lines.at(3))["name"], path);
    EXPECT_EQ(JsonRecord(json.lines.at(3))["fd"], std::to_string(fd));
}

/// Every byte is written as four: the record is longer than PIPE_BUF.
TEST(LongNames, FourThousandBytesThatAreEscaped) {
    const TempDir directory;
    FdMaker maker;
    std::string path = directory.path() + '/' + std::string(200, '\x01');
    while (path.size() < 3900)
        path += '/' + std::string(std::min(200UL, 3999 - path.size()), '\x01');
    std::filesystem::create_directories(path.substr(0, path.rfind('/')));
    maker.fd("open " + as_word(path) + " rw create");
    const Outcome text = outcome_of(watch_arguments(maker, {"--once"}));
    ASSERT_EQ(text.lines.size(), 4U);
    EXPECT_EQ(unescaped(without_time(text.lines.at(3)).substr(5)), path);
    const Outcome json = outcome_of(watch_arguments(maker, {"--once", "-j"}));
    EXPECT_EQ(JsonRecord(json.lines.at(3))["name"], path);
}

TEST(OddNames, UnixSocketPathsAndCommands) {
    FdMaker maker;
    const std::string path = "@logfia " + maker.pid_text() + " \"q\"\n\xff\x1b[0m";
    maker.fd("unix-listen " + as_word(path));
    maker.ask("comm " + as_word("a b[1]\n\xff"));
    const Outcome text = outcome_of(watch_arguments(maker, {"--once", "-l"}));
    ASSERT_EQ(text.lines.size(), 4U);
    EXPECT_TRUE(is_harmless(text.lines.at(3))) << text.lines.at(3);
    EXPECT_EQ(fields(text.lines.at(3)).at(2),
              "a\\x20b\\x5b1\\x5d\\n\\xff[" + maker.pid_text() + ']');
    const Outcome json = outcome_of(watch_arguments(maker, {"--once", "-j"}));
    const JsonRecord record(json.lines.at(3));
    EXPECT_EQ(record.bytes("comm"), "a b[1]\n\xff");
    EXPECT_EQ(record.bytes("path"), path);
}

TEST(OddNames, ARenameFromAndToThem) {
    const TempDir directory;
    FdMaker maker;
    const std::string before = directory.path("\xff\n");
    const std::string after = directory.path("\x1b\xfe");
    const int fd = maker.fd("open " + as_word(before) + " rw create");
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", fd);
    maker.ask("rename " + as_word(before) + ' ' + as_word(after));
    const JsonRecord rename = records.next("rename", fd);
    EXPECT_EQ(rename.bytes("old_name"), before);
    EXPECT_EQ(rename.bytes("name"), after);
}

}  // namespace
}  // namespace logfia::test
