#include <logfia/procfs/proc_stat.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <support/prefixes.hpp>

namespace logfia {
namespace {

std::string slurp(const char* path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path).rdbuf();
    return bytes.str();
}

std::string row(const std::string& comm) {
    return "42 (" + comm +
           ") S 1 42 42 34816 -1 4194560 5 6 7 8 9 10 11 12 20 0 3 0 987654 1000 200 1844 1 1\n";
}

TEST(ParseProcStat, ReadsWhatIsNeeded) {
    const auto stat = parse_proc_stat(row("sleep"));
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->comm, "sleep");
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->parent, 1);
    EXPECT_EQ(stat->flags, 4194560U);
    EXPECT_EQ(stat->threads, 3);
    EXPECT_EQ(stat->start_time, 987654U);
    EXPECT_FALSE(stat->is_kernel_thread());
}

TEST(ParseProcStat, ANameMayHoldAnything) {
    for (const std::string comm :
         {"", ")", "(", "a b", "x) R 1 (y", "a\nb", ") S 1 2", "\xff\x01"}) {
        const auto stat = parse_proc_stat(row(comm));
        ASSERT_TRUE(stat) << comm;
        EXPECT_EQ(stat->comm, comm);
        EXPECT_EQ(stat->start_time, 987654U);
    }
}

TEST(ParseProcStat, KnowsKernelThreads) {
    const auto stat = parse_proc_stat(
        "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 3 0 0 1844 0 0\n");
    ASSERT_TRUE(stat);
    EXPECT_TRUE(stat->is_kernel_thread());
}

TEST(ParseProcStat, ACutRowIsNone) {
    const auto whole = row("a) b");
    const auto upto = whole.find("987654") + 7;
    ASSERT_TRUE(parse_proc_stat(std::string_view(whole).substr(0, upto)));
    test::for_each_prefix(std::string_view(whole).substr(0, upto),
                          [](std::string_view cut) { EXPECT_FALSE(parse_proc_stat(cut)) << cut; });
}

TEST(ParseProcStat, OddRowsAreNone) {
    for (const char* bytes : {"", "\n", "42", "42 (a)", ") (", "42 )a( S 1 2 3", "x (a) S 1",
                              "42 (a) SS 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ",
                              "42 (a) S x 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ",
                              "42 (a) S 1 2 3 4 5 -6 7 8 9 10 11 12 13 14 15 16 17 18 19 ",
                              "42 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 x 18 19 ",
                              "42 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 -19 "}) {
        EXPECT_FALSE(parse_proc_stat(bytes)) << bytes;
    }
}

TEST(ParseProcStat, AgreesWithTheKernel) {
    const auto stat = parse_proc_stat(slurp("/proc/self/stat"));
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->state, 'R');
    EXPECT_GE(stat->threads, 1);
    EXPECT_GT(stat->start_time, 0U);
    EXPECT_FALSE(stat->is_kernel_thread());
    EXPECT_EQ(stat->parent, getppid());
    EXPECT_EQ(stat->comm + "\n", slurp("/proc/self/comm"));
}

TEST(ParseRunState, ReadsTheSameAsTheWholeRow) {
    for (const std::string comm : {"sleep", "", "x) R 1 (y", "a\nb"}) {
        const auto state = parse_run_state(row(comm));
        ASSERT_TRUE(state) << comm;
        EXPECT_EQ(*state, (RunState{'S', 3, 987654})) << comm;
    }
    const auto state = parse_run_state(slurp("/proc/self/stat"));
    ASSERT_TRUE(state);
    EXPECT_EQ(state->state, 'R');
    EXPECT_FALSE(state->is_asleep());
    EXPECT_FALSE(state->has_ended());
}

TEST(ParseRunState, ACutOrOddRowIsNone) {
    const auto whole = row("a) b");
    test::for_each_prefix(std::string_view(whole).substr(0, whole.find("987654") + 7),
                          [](std::string_view cut) { EXPECT_FALSE(parse_run_state(cut)) << cut; });
    for (const char* bytes : {"", "42", ") (",
                              "42 (a) SS 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 "
                              "18 19 ",
                              "42 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 x 18 19 "})
        EXPECT_FALSE(parse_run_state(bytes)) << bytes;
}

TEST(ParseProcStatus, ReadsWhatIsNeeded) {
    const auto status = parse_proc_status(
        "Name:\tsh\\nUid:\\t7\nTgid:\t42\nPid:\t43\nUid:\t1000\t0\t0\t0\nNSpid:\t43\t7\t1\n");
    EXPECT_EQ(status.tgid, 42);
    EXPECT_EQ(status.nspid_count, 3);
    EXPECT_EQ(status.uid, uid_t{1000});
    EXPECT_EQ(status.euid, uid_t{0});
}

TEST(ParseProcStatus, OddLinesAreAbsent) {
    for (const char* bytes : {"", "Tgid:\n", "Tgid:\tx\n", "Tgid:\t1", "Uid:\t-1\n", "Uid:\t0x0\n",
                              "NSpid:\t1\tx\n", "NSpid:\n", "tgid:\t1\n", "\n\n\n"}) {
        EXPECT_EQ(parse_proc_status(bytes), ProcStatus{}) << bytes;
    }
}

TEST(ParseProcStatus, ACutLineIsNotTrusted) {
    test::for_each_prefix("Tgid:\t4242\n", [](std::string_view cut) {
        EXPECT_EQ(parse_proc_status(cut), ProcStatus{}) << cut;
    });
    test::for_each_prefix("NSpid:\t1\t2\n", [](std::string_view cut) {
        EXPECT_EQ(parse_proc_status(cut), ProcStatus{}) << cut;
    });
}

TEST(ParseProcStatus, AgreesWithTheKernel) {
    const auto status = parse_proc_status(slurp("/proc/self/status"));
    EXPECT_EQ(status.tgid, ::getpid());
    EXPECT_EQ(status.uid, ::getuid());
    EXPECT_EQ(status.euid, ::geteuid());
    EXPECT_GE(status.nspid_count, 1);
}

}  // namespace
}  // namespace logfia
