// The name of a process in its records, to the last one.

#include "support/watching.hpp"
#include <logfia/proc/process_events.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

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

/// So many, two milliseconds each, that a new name is known after them: at once where it is told.
long looks_to_a_name() {
    return ProcessEvents::open() ? 2 : 600;
}

/// A child is reaped as soon as it has ended, so that nobody can be asked any more.
TEST(Comm, OfAChildThatHasCalledExec) {
    FdMaker maker;
    LogfiaRun run({"-n", "-j", "-f", "-d", "2", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    for (int i = 0; i < 5; ++i) {
        const std::string child = maker.ask("fork-exec /bin/sleep 1000").at(0);
        records.next([&](const JsonRecord& r) { return r["pid"] == child && r["fd"] == "2"; });
        ASSERT_TRUE(wait_for_looks(run, looks_to_a_name()));
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
    LogfiaRun run({"-n", "-j", "-f", "-d", "2", maker.pid_text()});
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("comm one");
    maker.ask("thread-comm of-a-thread");
    ASSERT_TRUE(wait_for_looks(run, looks_to_a_name()));
    maker.end();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_THAT(last_names(run, maker.pid_text()), ElementsAre("one"));
}

/// Of a plain PID nobody tells: its name is read again once in a second.
TEST(Comm, OfAProcessThatNobodyTellsOf) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "1"}));
    RecordStream records(run);
    records.next("open", 2);
    maker.ask("comm one");
    ASSERT_TRUE(wait_for_looks(run, 1100));
    maker.end();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_THAT(last_names(run, maker.pid_text()), ElementsAre("one"));
}

}  // namespace
}  // namespace logfia::test
