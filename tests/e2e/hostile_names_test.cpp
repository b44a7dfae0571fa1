// Strangers choose the names of files, sockets, processes and hosts: none of their bytes reaches a
// terminal unescaped.

#include "support/addresses.hpp"
#include "support/any_bytes.hpp"
#include "support/dns_server.hpp"
#include "support/made_file.hpp"
#include "support/temp_dir.hpp"
#include "support/terminal.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace logfia::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

/// Sets a title, clears the screen, reverses the line and ends it; C1 in both its forms; bytes that
/// are not UTF-8.
constexpr std::string_view kNasty =
    "\x1b]0;owned\x07\x1b[2J\xe2\x80\xaetxt.exe\xe2\x81\xa6\n2017-05-07 open\r\x9b"
    "31m\xc2\x9b"
    "1m\xff\\";

std::string nasty(const std::string& front) {
    return front + std::string(kNasty);
}

/// Everything that has a name has a nasty one.
struct Stranger {
    Stranger() {
        const char* answers[] = {"ev\x1b[31m.example",      "a\nb.example", "a b.example",
                                 "\xe2\x80\xaetxt.example", "\x9b.example", "tab\t.example"};
        int peer = 0;
        for (const char* answer : answers) {
            const std::string address = "127.1.0." + std::to_string(++peer);
            server.reply(ip(address), {DnsReply::Kind::name, answer, {}});
            maker.ask("udp-connect " + address + " 53");
        }
        maker.ask("open " + as_word(directory.path(nasty("file"))) + " rw create");
        maker.ask("memfd " + as_word(nasty("memory")));
        maker.ask("unix-listen " + as_word(nasty('@' + maker.pid_text())));
        maker.ask("comm " + as_word(nasty("").substr(0, 15)));
        // A notice reports the thread, and names the process.
        maker.ask("thread-unshare " + made_file("passwd"));
    }
    TempDir directory;
    DnsServer server;
    FdMaker maker;
};

using Arguments = std::vector<std::string>;

class HostileNames : public testing::TestWithParam<Arguments> {};

TEST_P(HostileNames, DoNotReachTheTerminal) {
    Stranger stranger;
    Arguments arguments = GetParam();
    arguments.insert(arguments.begin(), LogfiaRun::program());
    arguments.insert(arguments.end(),
                     {"-1", "--color", "never", "--dns-wait", "10s", "--dns-server",
                      stranger.server.text(), stranger.maker.pid_text()});
    Terminal terminal(arguments);
    ASSERT_EQ(terminal.wait(), 0) << terminal.screen();
    std::string screen = terminal.screen();
    // A terminal is given a carriage return with each newline (ONLCR, termios(3)).
    for (auto at = screen.find("\r\n"); at != screen.npos; at = screen.find("\r\n", at))
        screen.erase(at, 1);
    const Lines lines = complete_lines(screen);
    EXPECT_GE(lines.size(), 3U) << screen;
    for (const std::string& line : lines) EXPECT_TRUE(is_harmless_line(line + '\n')) << line;
    EXPECT_THAT(screen,
                AnyOf(HasSubstr("\\x1b]0;owned\\x07"), HasSubstr("\\u001b]0;owned\\u0007")));
    EXPECT_THAT(screen, Not(HasSubstr(".example"))) << "those were no names of hosts";
    EXPECT_THAT(screen, HasSubstr("a thread with a descriptor table of its own"));
}

INSTANTIATE_TEST_SUITE_P(All, HostileNames,
                         testing::Values(Arguments{"--no-long"}, Arguments{"--long"},
                                         Arguments{"--json"}, Arguments{"--summary-only"},
                                         Arguments{"--summary", "--json"}),
                         [](const auto& arguments) {
                             std::string name;
                             for (const std::string& word : arguments.param)
                                 for (const char c : word)
                                     if (c != '-') name += c;
                             return name;
                         });

/// The verdict needs a watch: a single look has none.
TEST(HostileNamesOfLeaks, DoNotReachTheTerminal) {
    const TempDir directory;
    FdMaker maker;
    maker.ask("comm " + as_word(nasty("").substr(0, 15)));
    Terminal terminal(
        {LogfiaRun::program(), "-n", "--color", "never", "-d", "5", "--leaks", maker.pid_text()});
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(terminal.shows(" open pipe:"));
    const std::string path = as_word(directory.path(nasty("leak")));
    for (int i = 0; i < 3; ++i) maker.ask("open " + path + " rw create");
    ASSERT_TRUE(terminal.shows("leak"));
    ASSERT_TRUE(terminal.shows("leak"));
    ASSERT_TRUE(terminal.shows("leak"));
    maker.end();
    EXPECT_EQ(terminal.wait(), 0);
    std::string screen = terminal.screen();
    std::erase(screen, '\r');  // an escaped one is no such byte
    for (const std::string& line : complete_lines(screen))
        EXPECT_TRUE(is_harmless_line(line + '\n')) << line;
    EXPECT_THAT(screen, HasSubstr("left open"));
}

}  // namespace
}  // namespace logfia::test
