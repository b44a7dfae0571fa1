// Numbers that are given to another file: during a question, and without a change of the link's
// text.

#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

namespace logfia::test {
namespace {

std::string inode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return std::to_string(status.st_ino);
}

/// Descriptors that alternate at a number with a file that is open only for reading.
class FlippedWith : public testing::TestWithParam<const char*> {};

TEST_P(FlippedWith, ARecordSpeaksOfOneFile) {
    const TempDir directory;
    const std::string read_only = directory.file("read-only", "text");
    FdMaker maker;
    const int file = maker.fd("open " + read_only + " r");
    std::string command = GetParam();
    if (const auto at = command.find("DIR"); at != command.npos)
        command.replace(at, 3, directory.path());
    const int other = maker.fd(command);
    const std::string other_inode = inode_of(fmt::format("/proc/{}/fd/{}", maker.pid(), other));
    const int flipped = maker.fd(fmt::format("flip {} {}", file, other));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "1"}));
    RecordStream records(run);
    int with_facts = 0;
    for (int i = 0; i < 500 || with_facts < 20; ++i) {
        const JsonRecord record = records.next("open", flipped);
        const bool is_file = record["name"] == read_only;
        if (record.has("access")) {
            ++with_facts;
            EXPECT_EQ(record["access"], is_file ? "r" : "rw") << record["name"];
        }
        if (!record.has("inode")) continue;
        EXPECT_EQ(record["inode"], is_file ? inode_of(read_only) : other_inode) << record["name"];
    }
    maker.ask("flip-no-more");
    maker.end();
    EXPECT_EQ(run.finish(), 0) << run.errors();
}

INSTANTIATE_TEST_SUITE_P(All, FlippedWith,
                         testing::Values("open DIR/other rw create", "unix-socket", "eventfd"));

/// A brief record asks for the name, and of a socket what it is: never of what a file is not.
TEST(Flipped, ABriefRecordSpeaksOfOneFile) {
    const TempDir directory;
    FdMaker maker;
    const int file = maker.fd("open " + directory.file("text", "text") + " r");
    const int socket = maker.fd("unix-socket");
    maker.fd(fmt::format("flip {} {}", file, socket));
    for (int i = 0; i < 50; ++i) {
        const Outcome outcome = outcome_of(watch_arguments(maker, {"-1"}));
        EXPECT_EQ(outcome.status, 0);
        for (const std::string& line : outcome.lines) {
            const bool is_file = line.ends_with("/text");
            const bool is_whole_socket =
                line.find(" socket:[") != line.npos && line.find(directory.path()) == line.npos;
            const bool names_file = line.find("/text") != line.npos;
            const bool tells_socket = line.find(" unix") != line.npos;
            EXPECT_TRUE(!names_file || is_file) << line;
            EXPECT_TRUE(!tells_socket || is_whole_socket) << line;
        }
    }
    maker.ask("flip-no-more");
}

/// A number whose file is renamed, and which then at once gets another file of that name, is
/// reported once per look.
TEST(Flipped, NoRecordIsAboutNothing) {
    FdMaker maker;
    const int other = maker.fd("memfd other");
    const int first = maker.fd("memfd region");
    const int second = maker.fd("memfd region");
    const int flipped = maker.fd(fmt::format("flip {} {} {}", other, first, second));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "1"}));
    RecordStream records(run);
    for (int i = 0; i < 2000; ++i) records.next("open", flipped);
    maker.ask("flip-no-more");
    maker.end();
    EXPECT_EQ(run.finish(), 0) << run.errors();
    bool is_open = false;
    for (const JsonRecord& record : without_lost(json_records(run))) {
        EXPECT_NE(record["name"], "") << record.summary();
        if (record["fd"] != std::to_string(flipped)) continue;
        const bool opens = record["event"] == "open";
        if (!opens && record["event"] != "close") continue;
        EXPECT_NE(opens, is_open) << record.summary();
        is_open = opens;
    }
}

/// Reads on to the end, and returns what happened to the number.
std::vector<std::string> history(LogfiaRun& run, FdMaker& maker, int fd) {
    maker.end();
    EXPECT_EQ(run.finish(), 0) << run.errors();
    std::vector<std::string> lines;
    for (const JsonRecord& record : json_records(run))
        if (record["fd"] == std::to_string(fd))
            lines.push_back(record["event"] + ' ' + record["access"] + ' ' + record["inode"]);
    return lines;
}

TEST(Replaced, AnotherMemfdOfTheSameNameIsACloseAndAnOpen) {
    FdMaker maker;
    const int fd = maker.fd("memfd region");
    const std::string path = fmt::format("/proc/{}/fd/", maker.pid());
    const std::string before = inode_of(path + std::to_string(fd));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", fd);
    const int other = maker.fd("memfd region");
    const std::string after = inode_of(path + std::to_string(other));
    maker.ask(fmt::format("dup {} {}", other, fd));
    EXPECT_EQ(records.next("close", fd)["inode"], before);
    const JsonRecord open = records.next("open", fd);
    EXPECT_EQ(open["inode"], after);
    EXPECT_FALSE(open.has("initial"));
    const std::vector<std::string> expected{"open rw " + before, "close rw " + before,
                                            "open rw " + after, "close rw " + after};
    EXPECT_EQ(history(run, maker, fd), expected);
}

TEST(Replaced, ADeviceThatIsReopenedInAnotherModeIsACloseAndAnOpen) {
    FdMaker maker;
    const int fd = maker.fd("open /dev/null r");
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    EXPECT_EQ(records.next("open", fd)["access"], "r");
    maker.ask(fmt::format("reopen {} /dev/null w", fd));
    EXPECT_EQ(records.next("close", fd)["access"], "r");
    const JsonRecord open = records.next("open", fd);
    EXPECT_EQ(open["access"], "w");
    EXPECT_EQ(history(run, maker, fd).size(), 4U);
}

TEST(Replaced, TheOtherEndOfAPipeIsACloseAndAnOpen) {
    FdMaker maker;
    const std::vector<int> ends = maker.numbers("pipe");
    const int fd = ends[0];
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    const JsonRecord before = records.next("open", fd);
    EXPECT_EQ(before["access"], "r");
    maker.ask(fmt::format("dup {} {}", ends[1], fd));
    EXPECT_EQ(records.next("close", fd)["access"], "r");
    const JsonRecord open = records.next("open", fd);
    EXPECT_EQ(open["access"], "w");
    EXPECT_EQ(open["name"], before["name"]);
    EXPECT_EQ(history(run, maker, fd).size(), 4U);
}

TEST(Replaced, AFifoThatIsReopenedInAnotherModeIsACloseAndAnOpen) {
    const TempDir directory;
    const std::string path = directory.path("fifo");
    FdMaker maker;
    maker.ask("mkfifo " + path);
    const int fd = maker.fd("open " + path + " r");
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    EXPECT_EQ(records.next("open", fd)["access"], "r");
    maker.ask(fmt::format("reopen {} {} w", fd, path));
    EXPECT_EQ(records.next("close", fd)["access"], "r");
    EXPECT_EQ(records.next("open", fd)["access"], "w");
    EXPECT_EQ(history(run, maker, fd).size(), 4U);
}

/// A file that takes the number of another that was removed, and on many filesystems its inode as
/// well.
struct Successor {
    const char* first;  ///< makes DIR/1
    const char* then;   ///< makes DIR/2
    const char* opens;  ///< opens either
};

std::string filled_in(std::string command, const std::string& directory) {
    if (const auto at = command.find("DIR"); at != command.npos) command.replace(at, 3, directory);
    return command;
}

class RemovedAndMade : public testing::TestWithParam<Successor> {};

TEST_P(RemovedAndMade, IsNoRename) {
    const TempDir directory;
    const auto path = [&](char which) { return directory.path(std::string(1, which)); };
    FdMaker maker;
    const auto make = [&](const char* command) {
        const auto made = maker.ask(filled_in(command, directory.path()));
        if (!made.empty()) maker.ask("close " + made.front());
    };
    make(GetParam().first);
    const int fd = maker.fd(GetParam().opens + (' ' + path('1')));
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", fd);
    {
        const Standstill still(run);
        maker.ask("unlink " + path('1'));
        maker.ask(fmt::format("close {}", fd));
        make(GetParam().then);
        ASSERT_EQ(maker.fd(GetParam().opens + (' ' + path('2'))), fd);
    }
    const JsonRecord next =
        records.next([&](const JsonRecord& record) { return record["fd"] == std::to_string(fd); });
    EXPECT_EQ(next["event"], "close") << next.summary();
    EXPECT_EQ(history(run, maker, fd).size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(
    All, RemovedAndMade,
    testing::Values(Successor{"mkfifo DIR/1", "mkfifo DIR/2", "mkfifo"},
                    Successor{"make-symlink target DIR/1", "make-symlink target DIR/2", "symlink"},
                    Successor{"open DIR/1 rw create", "open DIR/2 rw create", "open"}));

/// Unlike eventfds, each userfaultfd has an inode of its own.
TEST(Replaced, AnotherUserfaultfdIsACloseAndAnOpen) {
    FdMaker maker;
    int fd = -1;
    int other = -1;
    try {
        fd = maker.fd("userfaultfd");
        other = maker.fd("userfaultfd");
    } catch (const FdMakerError& error) {
        GTEST_SKIP() << error.what();
    }
    const std::string path = fmt::format("/proc/{}/fd/", maker.pid());
    if (inode_of(path + std::to_string(fd)) == inode_of(path + std::to_string(other)))
        GTEST_SKIP() << "before Linux 5.12 all of them share one inode";
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", other);
    maker.ask(fmt::format("dup {} {}", other, fd));
    records.next("close", fd);
    records.next("open", fd);
    EXPECT_EQ(history(run, maker, fd).size(), 4U);
}

}  // namespace
}  // namespace logfia::test
