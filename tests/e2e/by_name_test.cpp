// Processes by their names, and all of them: the set is kept up to date.

#include "support/made_file.hpp"
#include "support/record_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <set>

namespace logfia::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The helper under a name that nobody else has.
class Named {
  public:
    explicit Named(const std::string& name) : path_(directory_.path() + '/' + name) {
        std::filesystem::copy_file(FdMaker::default_program(), path_);
        std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
    }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::unique_ptr<FdMaker> start() const {
        return std::make_unique<FdMaker>(path_, ChildOptions{});
    }

  private:
    TempDir directory_;
    std::string path_;
};

/// A name of at most 15 bytes, the most that the kernel keeps.
std::string own_name(const std::string& word) {
    return word + std::to_string(getpid());
}

bool waits(LogfiaRun& run) {
    return eventually([&] {
        run.wait_for_count(1, std::chrono::milliseconds(10));
        return run.errors().find("waiting") != std::string::npos;
    });
}

TEST(ByName, TheFirstOneIsSeenWhenItComes) {
    const Named program(own_name("wrk"));
    LogfiaRun run(
        {"-n", "-j", "-d", "5", "--name", own_name("wr?"), "-t", "file", "-x", "/proc/*"});
    ASSERT_TRUE(waits(run));
    EXPECT_THAT(run.errors(),
                HasSubstr("no process to watch is named '" + own_name("wr?") + "' yet"));
    const auto maker = program.start();
    maker->ask("open " + made_file("passwd"));
    RecordStream records(run);
    const auto of_passwd = [](const JsonRecord& record) {
        return record["name"] == made_file("passwd");
    };
    EXPECT_EQ(records.next(of_passwd)["event"], "open");
    maker->end();
    EXPECT_EQ(records.next(of_passwd)["event"], "close");

    const auto second = program.start();
    const int again = second->fd("open " + made_file("group"));
    const JsonRecord open =
        records.next([](const JsonRecord& record) { return record["name"] == made_file("group"); });
    EXPECT_EQ(open["pid"], second->pid_text());
    EXPECT_EQ(open["fd"], std::to_string(again));
    EXPECT_EQ(run.interrupt(), 0);
    for (const JsonRecord& record : without_lost(json_records(run)))
        EXPECT_EQ(record["type"], "file");
}

TEST(ByName, OneThatIsThereAndOneThatBecomesIt) {
    const Named program(own_name("exe"));
    const auto maker = program.start();
    maker->ask("open " + made_file("group"));
    FdMaker other;
    LogfiaRun run({"-n", "-j", "-d", "5", "--name", own_name("exe")});
    RecordStream records(run);
    const JsonRecord there =
        records.next([](const JsonRecord& record) { return record["name"] == made_file("group"); });
    EXPECT_EQ(there["pid"], maker->pid_text());
    EXPECT_EQ(there["initial"], "true");
    other.ask("exec " + program.path());
    const JsonRecord became = records.next([&](const JsonRecord& record) {
        return record["pid"] == other.pid_text() && record["event"] == "open";
    });
    EXPECT_EQ(became["comm"], own_name("exe"));
    EXPECT_EQ(run.interrupt(), 0);
}

/// The kernel cuts the command name, not the file's.
TEST(ByName, TheFileNameOfTheExecutableCountsToo) {
    const Named program("a_name_longer_than_fifteen_bytes_" + std::to_string(getpid()));
    const auto maker = program.start();
    const Outcome outcome =
        outcome_of({"-n", "-j", "-1", "--name", "a_name_*_bytes_" + std::to_string(getpid())});
    EXPECT_EQ(outcome.status, 0);
    ASSERT_EQ(outcome.lines.size(), 3U) << outcome.errors;
    EXPECT_EQ(JsonRecord(outcome.lines[0])["pid"], maker->pid_text());
}

TEST(ByName, OfOneUser) {
    const Named program(own_name("usr"));
    const auto maker = program.start();
    const auto look = [&](const std::string& user) {
        return outcome_of({"-n", "-1", "--name", own_name("usr"), "-u", user});
    };
    EXPECT_EQ(look(std::to_string(geteuid())).lines.size(), 3U);
    const Outcome nobody = look("4242");
    EXPECT_THAT(nobody.lines, IsEmpty());
    EXPECT_THAT(nobody.errors, HasSubstr("there is no process of this name and user"));
}

TEST(ByName, NobodyOfThatNameIsAFailureOfASingleLook) {
    const Outcome outcome = outcome_of({"-n", "-1", "--name", "no-such-name*"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_THAT(outcome.lines, IsEmpty());
    EXPECT_THAT(outcome.errors, HasSubstr("'no-such-name*'"));
}

TEST(All, AreEverybodyButUs) {
    FdMaker maker;
    LogfiaRun run({"-n", "-j", "-d", "5", "-a", "-u", std::to_string(geteuid()), "--no-initial"});
    ASSERT_TRUE(eventually([&] {
        maker.ask("open " + made_file("passwd"));
        return run.wait_for_line("\"pid\":" + maker.pid_text(), std::chrono::milliseconds(50));
    }));
    FdMaker later;
    const int fd = later.fd("open " + made_file("group"));
    RecordStream records(run);
    const JsonRecord open = records.next([&](const JsonRecord& record) {
        return record["pid"] == later.pid_text() && record["name"] == made_file("group");
    });
    EXPECT_EQ(open["fd"], std::to_string(fd));
    EXPECT_EQ(run.interrupt(), 0);
    for (const JsonRecord& record : json_records(run))
        EXPECT_NE(record["pid"], std::to_string(run.pid()));
}

/// Everything else is as with one process: the command's children by name, for example.
TEST(ByName, WithTheirChildren) {
    const Named program(own_name("kin"));
    const auto maker = program.start();
    LogfiaRun run({"-n", "-j", "-f", "-d", "5", "--name", own_name("kin")});
    RecordStream records(run);
    records.next("open", 2);
    const auto child = maker->numbers("fork-open " + made_file("passwd"));
    records.next([&](const JsonRecord& record) {
        return record["pid"] == std::to_string(child[0]) && record["name"] == made_file("passwd");
    });
    EXPECT_EQ(run.interrupt(), 0);
}

/// $1 is logfia, $2 the program, $3 the file of records, $4 and $5 files to be opened. The program
/// reads a FIFO that never ends.
constexpr const char* kReuse = R"(
seen() { until grep -q "\"event\":\"$1\".*$2" "$records"; do sleep 0.01; done; }
records=$3
: >"$records"
mkfifo "$records.in"
sleep 60 >"$records.in" & holds=$!
"$1" -q -n -j -d 5 -o "$records" --name "${2##*/}" & watch=$!
"$2" <"$records.in" 7<"$4" >/dev/null & first=$!
seen open "$4"
kill $first
seen close "$4"
wait $first
echo $((first - 1)) >/proc/sys/kernel/ns_last_pid
"$2" <"$records.in" 7<"$5" >/dev/null & second=$!
seen open "$5"
kill $second
seen close "$5"
kill $watch $holds
wait $watch
echo $first $second
)";

/// In a PID namespace of one's own the next number can be chosen (proc_sys_kernel(5)).
TEST(ByName, AReusedPidIsToldApart) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can choose the next PID";
    const Named program(own_name("reu"));
    TempDir directory;
    const RecordFile file(directory.path() + "/records");
    Child shell({"/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "/bin/sh", "-c", kReuse,
                 "sh", LogfiaRun::program(), program.path(), file.path(), made_file("passwd"),
                 made_file("group")});
    const auto status = shell.wait();
    if (shell.errors().starts_with("unshare:"))
        GTEST_SKIP() << "no namespaces here: " << shell.errors();
    ASSERT_EQ(status, 0) << shell.errors();
    const std::string numbers = shell.output();
    const std::string pid = numbers.substr(0, numbers.find(' '));
    ASSERT_EQ(numbers, pid + ' ' + pid + '\n');
    std::vector<std::string> story;
    for (const JsonRecord& record : file.all())
        if (record["fd"] == "7" && record["pid"] == pid)
            story.push_back(record["event"] + ' ' + record["name"]);
    EXPECT_THAT(story, ElementsAre("open " + made_file("passwd"), "close " + made_file("passwd"),
                                   "open " + made_file("group"), "close " + made_file("group")));
}

}  // namespace
}  // namespace logfia::test
