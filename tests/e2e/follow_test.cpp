// Children and their children: found by the kernel's process connector where it is available, else
// by listing them.

#include "support/made_file.hpp"
#include "support/record_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"
#include <logfia/base/unique_fd.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <set>
#include <tuple>

namespace logfia::test {
namespace {

using testing::IsEmpty;

/// A descriptor of one process, and how often it was opened and closed.
using Counts = std::map<std::string, int>;

Counts balance(const JsonRecords& records) {
    Counts open;
    for (const JsonRecord& record : records) {
        const std::string key = record["pid"] + ' ' + record["fd"];
        if (record["event"] == "open") ++open[key];
        if (record["event"] == "close") --open[key];
    }
    std::erase_if(open, [](const auto& entry) { return entry.second == 0; });
    return open;
}

std::string text(int number) {
    return std::to_string(number);
}

/// The place of a record among those of its look.
std::tuple<int, int, int> place(const JsonRecord& record) {
    const std::string event = record["event"];
    int rank = 0;
    for (const char* other : {"lost", "close", "open", "rename", "connect", "listen"}) {
        if (event == other) break;
        ++rank;
    }
    if (!record.has("fd")) return {rank, 0, 0};
    return {rank, std::stoi(record["pid"]), std::stoi(record["fd"])};
}

/// Children come and go between the looks, by news of the kernel: records with one time are in
/// order, and no two such moments have the same time.
TEST(Follow, WhatHasOneTimeIsInOrder) {
    LogfiaRun run({"-q", "-n", "-f", "-j", "--inherited", "-d", "1", "--", "/bin/sh", "-c",
                   "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cat /dev/null; done"});
    EXPECT_EQ(run.finish(), 0);
    const JsonRecords records = json_records(run);
    // How many of the short ones are seen depends on the machine.
    ASSERT_GE(records.size(), 6U);
    for (std::size_t i = 1; i < records.size(); ++i) {
        if (records[i]["time"] != records[i - 1]["time"]) continue;
        EXPECT_LE(place(records[i - 1]), place(records[i]))
            << records[i]["time"] << ": " << records[i - 1].summary() << ", then "
            << records[i].summary();
    }
}

/// A child may have ended before its sockets could be asked: its parent's are the same.
TEST(Follow, WhatAShortChildInheritsIsDescribedAsItsParents) {
    FdMaker maker;
    const int listener = maker.fd("tcp-listen");
    LogfiaRun run({"-q", "-n", "-f", "-j", "--inherited", "-d", "1", maker.pid_text()});
    RecordStream(run).next("open", listener);
    for (int i = 0; i < 100; ++i) {
        const int child = maker.fd("fork");
        maker.ask("kill-child " + text(child));
    }
    EXPECT_EQ(run.interrupt(), 0);
    for (const JsonRecord& record : only(json_records(run), "open")) {
        if (record["fd"] != text(listener)) continue;
        EXPECT_EQ(record["type"], "tcp");
        EXPECT_EQ(record["state"], "listen");
    }
}

TEST(Follow, AChildIsSeenWithWhatItOpensAndWhatItWasGiven) {
    FdMaker maker;
    maker.ask("open " + made_file("group"));
    LogfiaRun run({"-n", "-j", "-f", "--inherited", "-d", "5", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 3);
    const auto child = maker.numbers("fork-open " + made_file("passwd"));
    const JsonRecord inherited = records.next([&](const JsonRecord& r) {
        return r["pid"] == text(child[0]) && r["name"] == made_file("group");
    });
    EXPECT_EQ(inherited["initial"], "true");
    RecordStream again(run);
    const JsonRecord own = again.next([&](const JsonRecord& r) {
        return r["pid"] == text(child[0]) && r["name"] == made_file("passwd");
    });
    EXPECT_FALSE(own.has("initial"));
    EXPECT_EQ(own["fd"], text(child[1]));
    maker.end();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_THAT(balance(json_records(run)), IsEmpty());
}

/// A process goes on without its first thread, and so new children appear. A file is open under one
/// name at one number, and yet was opened twice. The first look at the child may still see what the
/// child has inherited.
TEST(Follow, WhatAChildOpensAnewAtAnInheritedNumberIsItsOwn) {
    FdMaker maker;
    const int kept = maker.fd("open " + made_file("passwd"));
    const int reopened = maker.fd("open " + made_file("group"));
    LogfiaRun run({"-n", "-j", "-f", "--inherited", "-d", "5", maker.pid_text()});
    RecordStream records(run);
    records.next("open", reopened);
    const auto child = maker.numbers("fork-reopen " + text(reopened) + " " + made_file("group"));
    const auto opens = [&](int fd, bool initial) {
        records.next([&](const JsonRecord& record) {
            return record["event"] == "open" && record["pid"] == text(child.at(0)) &&
                   record["fd"] == text(fd) && record.has("initial") == initial;
        });
    };
    opens(kept, true);
    opens(reopened, false);
    EXPECT_EQ(run.interrupt(), 0);
}

TEST(Follow, ChildrenOfAProcessWhoseFirstThreadHasEnded) {
    TempDir directory;
    const std::string file = directory.file("file");
    FdMaker maker;
    LogfiaRun run({"-n", "-j", "-f", "-d", "5", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("thread-exit-leader");
    const auto child = maker.numbers("fork-open " + as_word(file));
    const JsonRecord open = records.next(
        [&](const JsonRecord& r) { return r["pid"] == text(child[0]) && r["name"] == file; });
    EXPECT_EQ(open["fd"], text(child[1]));
    EXPECT_EQ(run.interrupt(), 0);
}

/// The thread that calls execve(2) gets the number of the first thread, whose end is reported
/// before.
TEST(Follow, ChildrenAfterAnExecByAnotherThread) {
    TempDir directory;
    const std::string file = directory.file("file");
    FdMaker maker;
    LogfiaRun run({"-n", "-j", "-f", "-d", "5", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("thread-exec " + as_word(FdMaker::default_program()));
    const auto child = maker.numbers("fork-open " + as_word(file));
    records.next(
        [&](const JsonRecord& r) { return r["pid"] == text(child[0]) && r["name"] == file; });
    EXPECT_EQ(run.interrupt(), 0);
}

/// Container runtimes make such children with CLONE_PARENT, which then are children of logfia.
TEST(Follow, ASiblingThatACommandHasMade) {
    TempDir directory;
    const RecordFile records(directory.path() + "/records");
    const std::string file = directory.file("file");
    FdMaker maker({LogfiaRun::program(), "-n", "-f", "-j", "-o", records.path(), "--",
                   FdMaker::default_program()});
    const auto sibling = maker.numbers("sibling-open " + as_word(file));
    const JsonRecord open = records.wait_for(
        [&](const JsonRecord& r) { return r["pid"] == text(sibling[0]) && r["name"] == file; });
    EXPECT_FALSE(open.has("initial"));
    EXPECT_EQ(maker.end(4), 4);
    EXPECT_THAT(balance(records.all()), IsEmpty());
}

TEST(Follow, ChildrenThatAreThereAlready) {
    FdMaker maker;
    const auto child = maker.numbers("fork-open " + made_file("passwd"));
    LogfiaRun run({"-n", "-j", "-f", "-d", "5", maker.pid_text()});
    RecordStream records(run);
    const JsonRecord open = records.next([&](const JsonRecord& r) {
        return r["pid"] == text(child[0]) && r["name"] == made_file("passwd");
    });
    EXPECT_EQ(open["initial"], "true");
    EXPECT_EQ(run.interrupt(), 0);
    const Outcome once = outcome_of({"-n", "-j", "-1", "-f", maker.pid_text()});
    EXPECT_EQ(once.status, 0);
    std::set<std::string> pids;
    for (const std::string& line : once.lines) pids.insert(JsonRecord(line)["pid"]);
    EXPECT_EQ(pids, (std::set{maker.pid_text(), text(child[0])}));
}

TEST(Follow, WithoutItChildrenAreNotSeen) {
    FdMaker maker;
    LogfiaRun run({"-n", "-j", "-d", "5", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("fork-open " + made_file("passwd"));
    const int fd = maker.fd("open " + made_file("group"));
    records.next("open", fd);
    EXPECT_EQ(run.interrupt(), 0);
    for (const JsonRecord& record : json_records(run)) {
        if (record["event"] == "lost") continue;
        EXPECT_EQ(record["pid"], maker.pid_text());
    }
}

TEST(Follow, OrphansOfACommandAreFollowed) {
    TempDir directory;
    const RecordFile file(directory.path() + "/records");
    FdMaker maker({LogfiaRun::program(), "-n", "-f", "-j", "-o", file.path(), "--",
                   FdMaker::default_program()});
    const auto orphan = maker.numbers("orphan-open " + made_file("passwd"));
    const JsonRecord open = file.wait_for([&](const JsonRecord& r) {
        return r["pid"] == text(orphan[0]) && r["name"] == made_file("passwd");
    });
    EXPECT_EQ(open["fd"], text(orphan[1]));
    EXPECT_FALSE(open.has("initial")) << "its parent was gone, and it opened that itself";
    EXPECT_EQ(maker.end(3), 3);
    EXPECT_THAT(balance(file.all()), IsEmpty());
}

/// $1: how deep; $2: a FIFO with a line for each that may end. Each process opens another file than
/// its parent: at a number of the same file, an open of its own would not be seen.
constexpr const char* kTree = R"(
exec 7<"$0-$1"
[ $1 -le 1 ] || /bin/sh "$0" $(($1 - 1)) "$2" 7<&- &
read line <"$2"
wait
)";

/// Two hundred processes, five deep, and each is seen with a file of its own.
TEST(Follow, ATreeOfProcesses) {
    TempDir directory;
    const RecordFile file(directory.path() + "/records");
    const std::string tree = directory.file("tree", kTree);
    for (const char* depth : {"tree-1", "tree-2", "tree-3", "tree-4", "tree-5"})
        directory.file(depth, "");
    const std::string gate = directory.path() + "/gate";
    ASSERT_EQ(mkfifo(gate.c_str(), 0600), 0);
    const UniqueFd lines(open(gate.c_str(), O_RDWR | O_CLOEXEC));
    const std::string script = "i=0; while [ $i -lt 40 ]; do /bin/sh " + tree + " 5 " + gate +
                               " & i=$((i + 1)); done; wait; (sleep 0.1 &); exit 9";
    LogfiaRun run({"-n", "-f", "-j", "-o", file.path(), "--", "/bin/sh", "-c", script});
    constexpr std::size_t kProcesses = 200;
    std::set<std::string> with_file;
    EXPECT_TRUE(eventually([&] {
        for (const JsonRecord& record : file.all())
            if (record["event"] == "open" && record["fd"] == "7") with_file.insert(record["pid"]);
        return with_file.size() >= kProcesses;
    })) << with_file.size();
    const std::string go(kProcesses, '\n');
    ASSERT_EQ(write(lines.get(), go.data(), go.size()), ssize_t{kProcesses});
    EXPECT_EQ(run.finish(), 9) << run.errors();
    EXPECT_THAT(balance(file.all()), IsEmpty());
}

/// In a PID namespace of its own, the connector reports nothing.
TEST(Follow, InAContainerChildrenAreListed) {
    TempDir directory;
    const RecordFile file(directory.path() + "/records");
    const std::string script = "exec unshare " +
                               std::string(geteuid() == 0 ? "" : "--map-root-user ") +
                               "--pid --fork --mount-proc \"$0\" -n -f -j -o " + file.path() +
                               " -- " + FdMaker::default_program();
    std::optional<FdMaker> maker;
    try {
        maker.emplace(std::vector<std::string>{"/bin/sh", "-c", script, LogfiaRun::program()});
    } catch (const std::runtime_error& error) {
        GTEST_SKIP() << "no namespaces here: " << error.what();
    }
    const auto child = maker->numbers("fork-open " + made_file("passwd"));
    const auto orphan = maker->numbers("orphan-open " + made_file("group"));
    // The numbers are those of the namespace, for both of us.
    file.wait_for([&](const JsonRecord& r) {
        return r["pid"] == text(child[0]) && r["name"] == made_file("passwd");
    });
    file.wait_for([&](const JsonRecord& r) {
        return r["pid"] == text(orphan[0]) && r["name"] == made_file("group");
    });
    EXPECT_EQ(maker->end(6), 6);
    EXPECT_THAT(balance(file.all()), IsEmpty());
}

/// Processes that become unreadable were followed before, and their children may be readable again.
TEST(Follow, WhatMayNotBeLookedIntoIsSaid) {
    if (geteuid() == 0) GTEST_SKIP() << "root may look into everything";
    FdMaker maker;
    LogfiaRun run({"-n", "-j", "-f", "-d", "5", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("dumpable 0");
    const auto child = maker.numbers("fork-open " + made_file("passwd"));
    EXPECT_TRUE(eventually([&] {
        run.wait_for_count(run.lines().size() + 1, std::chrono::milliseconds(10));
        return run.errors().find("process " + text(child[0])) != std::string::npos;
    }));
    EXPECT_EQ(run.interrupt(), 0);
}

}  // namespace
}  // namespace logfia::test
