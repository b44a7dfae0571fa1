// A process that becomes unreadable while it is watched.

#include "support/made_file.hpp"
#include "support/watching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace logfia::test {
namespace {

using testing::ContainsRegex;
using testing::IsEmpty;

/// Target and logfia run as nobody when we are root, since root may read everything.
struct Guarded {
    Guarded() {
        kept = maker.fd("open " + made_file("passwd"));
        records.next("open", kept);
        maker.ask("dumpable 0");
        denied = maker.fd("open " + made_file("group"));
    }

    FdMaker maker{ChildOptions{.run_as = RunAs::nobody}};
    LogfiaRun run{watch_arguments(maker, {"-j", "-d", "5"}), {.run_as = RunAs::nobody}};
    RecordStream records{run};
    int kept = -1;
    int denied = -1;
};

TEST(Permissions, WhatMayNoLongerBeReadIsSaidOnce) {
    Guarded guarded;
    const JsonRecord lost = guarded.records.next(
        [](const JsonRecord& record) { return record["event"] == "lost" && record.has("pid"); });
    EXPECT_EQ(lost["pid"], guarded.maker.pid_text());
    EXPECT_THAT(lost["reason"], ContainsRegex("Permission denied"));
    const JsonRecord unnamed = guarded.records.next("open", guarded.denied);
    EXPECT_EQ(unnamed["name"], "?");
    EXPECT_FALSE(unnamed.has("access"));
    guarded.maker.ask("close " + std::to_string(guarded.kept));
    EXPECT_EQ(guarded.records.next("close", guarded.kept)["name"], made_file("passwd"));
    guarded.maker.ask("close " + std::to_string(guarded.denied));
    EXPECT_EQ(guarded.records.next("close", guarded.denied)["name"], "?");
    ASSERT_TRUE(wait_for_looks(guarded.run));
    guarded.maker.end();
    EXPECT_EQ(guarded.run.finish(), 0);

    int told = 0;
    const JsonRecords all = json_records(guarded.run);
    for (const JsonRecord& record : only(all, "lost")) told += record.has("pid") ? 1 : 0;
    EXPECT_EQ(told, 1);
    EXPECT_EQ(only(all, "close").size(), 5U);
    EXPECT_EQ(only(all, "open").size(), 5U);
}

TEST(Permissions, NothingIsInventedAndNamesComeBack) {
    Guarded guarded;
    EXPECT_EQ(guarded.records.next("open", guarded.denied)["name"], "?");
    ASSERT_TRUE(wait_for_looks(guarded.run));
    guarded.maker.ask("dumpable 1");
    const JsonRecord named = guarded.records.next("rename", guarded.denied);
    EXPECT_EQ(named["name"], made_file("group"));
    EXPECT_EQ(named["old_name"], "?");
    EXPECT_EQ(named["access"], "r");
    EXPECT_EQ(guarded.run.interrupt(), 0);
    EXPECT_THAT(only(json_records(guarded.run), "close"), IsEmpty());
}

/// Does logfia hold a link of the process?
bool holds_link(const Guarded& guarded) {
    const std::string front = "/proc/" + guarded.maker.pid_text() + "/fd/";
    std::error_code ended;  // a descriptor that exists only for a moment
    for (const auto& own : std::filesystem::directory_iterator(
             "/proc/" + std::to_string(guarded.run.pid()) + "/fd", ended))
        if (std::filesystem::read_symlink(own.path(), ended).string().starts_with(front))
            return true;
    return false;
}

/// The number of descriptors is the same as before.
TEST(Permissions, OneForAnotherIsNoticedAllTheSame) {
    Guarded guarded;
    EXPECT_EQ(guarded.records.next("open", guarded.denied)["name"], "?");
    // Wait until neither is among the numbers that are read first.
    ASSERT_TRUE(wait_for_looks(guarded.run, 80));
    {
        const Standstill one_look(guarded.run);
        guarded.maker.ask(fmt::format("dup {} 30", guarded.denied));
        guarded.maker.ask(fmt::format("close {}", guarded.kept));
    }
    guarded.records.next("close", guarded.kept);
    guarded.records.next("open", 30);
    EXPECT_EQ(guarded.run.interrupt(), 0);
}

TEST(Permissions, NoLinkIsHeldOfWhatMayNotBeRead) {
    Guarded guarded;
    EXPECT_EQ(guarded.records.next("open", guarded.denied)["name"], "?");
    guarded.maker.ask("dumpable 1");
    EXPECT_TRUE(eventually([&] { return holds_link(guarded); }));
    guarded.maker.ask("dumpable 0");
    EXPECT_TRUE(eventually([&] { return !holds_link(guarded); }));
    guarded.maker.ask("close " + std::to_string(guarded.kept));
    EXPECT_EQ(guarded.records.next("close", guarded.kept)["name"], made_file("passwd"));
    guarded.maker.ask("dumpable 1");
    EXPECT_TRUE(eventually([&] { return holds_link(guarded); }));
    EXPECT_EQ(guarded.run.interrupt(), 0);
}

}  // namespace
}  // namespace logfia::test
