// The name of a process in its records, to the last one.

#include "support/made_file.hpp"
#include "support/watching.hpp"
#include <logfia/process/process_connector.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

namespace logfia::test {
namespace {

using testing::ElementsAre;

/// The names in the `close` records of one process.
std::set<std::string> last_names(LogfiaRun& run, const std::string& pid) {
    std::set<std::string> names;
    for (const JsonRecord& record : json_records(run))
        if (record["event"] == "close" && record["pid"] == pid) names.insert(record["comm"]);
    return names;
}

/// Where nothing reports a new name, each name is read again once a second.
constexpr std::chrono::milliseconds kReadAgain{1100};

/// Waits until the kernel has set a name, and then until logfia has taken it. The second file is
/// opened after the look that reported the first: in between, logfia has asked for news, and has
/// read names again if that was due. Neither file is closed, so that no record is named too early.
void wait_for_name(FdMaker& watched, RecordStream& records, const std::string& pid,
                   const std::string& name, bool told) {
    ASSERT_TRUE(eventually([&] { return status_line(std::stoi(pid), "Name") == name; }));
    if (!told) std::this_thread::sleep_for(kReadAgain);
    for (int i = 0; i < 2; ++i) {
        const std::string file = std::to_string(watched.fd("open " + made_file("passwd")));
        // Pipes have had these numbers, and children have inherited the files before.
        records.next([&](const JsonRecord& r) {
            return r["event"] == "open" && r["pid"] == watched.pid_text() && r["fd"] == file &&
                   r["name"] == made_file("passwd");
        });
    }
}

/// A child is reaped as soon as it has ended, so that its name cannot be read any more.
TEST(Comm, OfAChildThatHasCalledExec) {
    FdMaker maker;
    LogfiaRun run({"-n", "-j", "-f", "--inherited", "-d", "2", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    const bool told = static_cast<bool>(ProcessConnector::open());
    for (int i = 0; i < 5; ++i) {
        const std::string child = maker.ask("fork-exec /bin/sleep 1000").at(0);
        records.next([&](const JsonRecord& r) { return r["pid"] == child && r["fd"] == "2"; });
        // An exec sets the name first, and is reported when all the rest is done (fs/exec.c).
        ASSERT_TRUE(eventually([&] {
            const int pid = std::stoi(child);
            return status_line(pid, "Name") == "sleep" &&
                   status_line(pid, "State").starts_with('S');
        }));
        wait_for_name(maker, records, child, "sleep", told);
        maker.ask("kill-child " + child);
        records.next([&](const JsonRecord& r) {
            return r["event"] == "close" && r["pid"] == child && r["fd"] == "2";
        });
        EXPECT_THAT(last_names(run, child), ElementsAre("sleep"));
    }
    EXPECT_EQ(run.interrupt(), 0);
}

TEST(Comm, ThatAProcessHasGivenItself) {
    FdMaker maker;
    LogfiaRun run({"-n", "-j", "-f", "--inherited", "-d", "2", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("comm one");
    maker.ask("thread-comm of-a-thread");
    wait_for_name(maker, records, maker.pid_text(), "one",
                  static_cast<bool>(ProcessConnector::open()));
    maker.end();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_THAT(last_names(run, maker.pid_text()), ElementsAre("one"));
}

/// Nothing reports a new name of a plain PID: the name is read again once a second.
TEST(Comm, OfAProcessThatNobodyTellsOf) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "1"}));
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("comm one");
    wait_for_name(maker, records, maker.pid_text(), "one", false);
    maker.end();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_THAT(last_names(run, maker.pid_text()), ElementsAre("one"));
}

}  // namespace
}  // namespace logfia::test
