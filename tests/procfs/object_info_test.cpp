#include <logfia/procfs/object_info.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace logfia {
namespace {

using Number = ObjectInfo::Number;

// The lines that every descriptor has.
const std::string kHead = "pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t1057\n";

ObjectInfo parsed(FdType type, const std::string& rest) {
    const auto info = parse_object_info(type, kHead + rest);
    EXPECT_TRUE(info.has_value()) << rest;
    return info.value_or(ObjectInfo{});
}

std::vector<Number> numbers(FdType type, const std::string& rest) {
    return parsed(type, rest).numbers;
}

TEST(ObjectInfo, TellsNumbers) {
    using V = std::vector<Number>;
    EXPECT_EQ(numbers(FdType::eventfd, "eventfd-count:               1f\neventfd-id: 3\n"),
              (V{{"count", 31}}));
    EXPECT_EQ(numbers(FdType::pidfd, "Pid:\t4711\nNSpid:\t4711\n"), (V{{"target_pid", 4711}}));
    EXPECT_EQ(numbers(FdType::io_uring,
                      "SqMask:\t0x7\nSqHead:\t0\nCqMask:\t0xf\nSqThread:\t-1\n"
                      "UserFiles:\t0\n"),
              (V{{"sq_entries", 8}, {"cq_entries", 16}, {"user_files", 0}}));
    EXPECT_EQ(numbers(FdType::bpf, "map_type:\t2\nkey_size:\t4\nmax_entries:\t1\nmap_id:\t9\n"),
              (V{{"map_type", 2}, {"max_entries", 1}, {"map_id", 9}}));
    EXPECT_EQ(numbers(FdType::bpf, "prog_type:\t1\nprog_id:\t12\n"),
              (V{{"prog_type", 1}, {"prog_id", 12}}));
}

TEST(ObjectInfo, LeavesOutWhatIsNotThere) {
    EXPECT_FALSE(parse_object_info(FdType::pidfd, kHead + "Pid:\t-1\nNSpid:\t-1\n")) << "ended";
    EXPECT_FALSE(parse_object_info(FdType::eventfd, kHead));
    EXPECT_FALSE(parse_object_info(FdType::eventfd, kHead + "eventfd-count: 1f")) << "cut";
    EXPECT_FALSE(parse_object_info(FdType::eventfd, kHead + "eventfd-count: x\n"));
    EXPECT_FALSE(parse_object_info(FdType::file, kHead + "eventfd-count: 1\n"));
    EXPECT_FALSE(parse_object_info(FdType::signalfd, kHead + "sigmask:\t0000000000000800\n"));
}

TEST(ObjectInfo, TellsWhenATimerExpires) {
    const ObjectInfo timer = parsed(FdType::timerfd,
                                    "clockid: 1\nticks: 0\nsettime flags: 00\n"
                                    "it_value: (1, 500000000)\nit_interval: (0, 250000000)\n");
    EXPECT_EQ(timer.expires, std::chrono::milliseconds(1500));
    EXPECT_EQ(timer.period, std::chrono::milliseconds(250));
    EXPECT_FALSE(
        parse_object_info(FdType::timerfd, kHead + "it_value: (0, 0)\nit_interval: (0, 0)\n"));
    for (const std::string bad : {"(1, 1000000000)", "1, 0", "(1,0)", "(-1, 0)", "(1, 2", ""})
        EXPECT_FALSE(parse_object_info(FdType::timerfd, kHead + "it_value: " + bad + "\n")) << bad;
}

TEST(ObjectInfo, TellsWhatAnEpollWatches) {
    const ObjectInfo epoll =
        parsed(FdType::epoll,
               "tfd:        5 events:       19 data:                5  pos:0 ino:61 sdev:9\n"
               "tfd:       17 events: 80002019 data: 7f0000  pos:0 ino:2f sdev:fe00003\n");
    const std::vector<WatchTarget> expected{{5, 0x61, DeviceNumber{0, 9}},
                                            {17, 0x2f, DeviceNumber{254, 3}}};
    EXPECT_EQ(epoll.targets, expected);
    EXPECT_FALSE(epoll.targets_cut);
}

TEST(ObjectInfo, TellsWhatAnInotifyAndAFanotifyWatch) {
    const ObjectInfo inotify =
        parsed(FdType::inotify,
               "inotify wd:2 ino:7ef82a sdev:800001 mask:800afff ignored_mask:0 "
               "fhandle-bytes:8 fhandle-type:1 f_handle:2af87e00220ffd73\n");
    EXPECT_EQ(inotify.targets, (std::vector<WatchTarget>{{{}, 0x7ef82a, DeviceNumber{8, 1}}}));
    const ObjectInfo fanotify =
        parsed(FdType::fanotify,
               "fanotify flags:10 event-flags:0\n"
               "fanotify mnt_id:12 mflags:40 mask:38 ignored_mask:40000003\n"
               "fanotify ino:4f969 sdev:800013 mflags:0 mask:3b\n");
    EXPECT_EQ(fanotify.targets, (std::vector<WatchTarget>{{{}, 0x4f969, DeviceNumber{8, 19}}}));
}

/// The names of the files that are registered; the ring's other lines as in Linux 6.18.
std::vector<std::string> files_of_ring(const std::string& rows) {
    std::vector<std::string> names;
    const auto info = parse_object_info(
        FdType::io_uring,
        kHead + "SqMask:\t0x7\nSqHead:\t1\nCqMask:\t0xf\nSQEs:\t1\n" +
            "    0: opcode:READ, fd:3, flags:0, off:0, addr:0x7f, rw_flags:0x0, "
            "buf_index:0 user_data:0\nCQEs:\t1\n    0: user_data:0, res:0, flags:0\n"
            "SqThread:\t-1\nSqThreadCpu:\t-1\n" +
            rows);
    if (!info) return {"nothing"};
    for (const WatchTarget& target : info->targets) names.push_back(target.name);
    if (info->targets_cut) names.emplace_back("...");
    return names;
}

TEST(ObjectInfo, TellsWhichFilesAnIoUringHolds) {
    using Names = std::vector<std::string>;
    const std::string end = "UserBufs:\t1\n    0: 0x7f0000/4096\nPollList:\n";
    // Linux 6.18: free places are left out, names are paths with escapes.
    EXPECT_EQ(files_of_ring("UserFiles:\t9\n    0: /tmp/a\\040b\\134\\040(deleted)\n"
                            "    7: socket:[123]\n    8: anon_inode:[eventfd]\n" +
                            end),
              (Names{"/tmp/a b\\ (deleted)", "socket:[123]", "anon_inode:[eventfd]"}));
    EXPECT_EQ(files_of_ring("UserFiles:\t8\n" + end), Names{});
    EXPECT_EQ(files_of_ring("UserFiles:\t0\n" + end), Names{});
    // Linux 5.10 and 6.1: the last component as it is; each place has a row.
    EXPECT_EQ(files_of_ring("UserFiles:\t3\n    0: a b\\040\n    1: <none>\n    2: x\n" + end),
              (Names{"a b\\040", "x"}));
    EXPECT_EQ(files_of_ring("UserFiles:\t100001\n  100: a\n100000: b\n" + end), (Names{"a", "b"}));
}

TEST(ObjectInfo, DoubtsRowsThatNoIoUringWrites) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(files_of_ring("UserFiles:\t3\n    0: a\nb\n    1: c\nUserBufs:\t0\n"),
              (Names{"a", "..."}))
        << "a newline in a name";
    EXPECT_EQ(files_of_ring("UserFiles:\t3\n    0: a\n    0: b\n"), (Names{"a", "..."}));
    EXPECT_EQ(files_of_ring("UserFiles:\t3\n    1: a\n    3: b\n"), (Names{"a", "..."}));
    EXPECT_EQ(files_of_ring("UserFiles:\t3\n    0: a\n    1: b"), (Names{"a", "..."})) << "cut";
    EXPECT_EQ(files_of_ring("UserFiles:\t3\n    0: \n    x: a\n"), Names{});
    EXPECT_EQ(files_of_ring("UserFiles:\t-3\n    0: a\n"), Names{});
    EXPECT_EQ(files_of_ring("UserFiles:\t1\n    0: /a\\04\\0408\\9\\777\n"),
              Names{"/a\\04 8\\9\\777"});
    EXPECT_EQ(files_of_ring("UserBufs:\t1\n    0: a\n"), Names{});
}

TEST(ObjectInfo, SaysWhenThereAreMoreTargets) {
    std::string lines;
    for (std::size_t i = 0; i <= ObjectInfo::kMaxTargets; ++i)
        lines += fmt::format("tfd: {} events: 19 data: 0 pos:0 ino:1 sdev:9\n", i);
    const ObjectInfo many = parsed(FdType::epoll, lines);
    EXPECT_EQ(many.targets.size(), ObjectInfo::kMaxTargets);
    EXPECT_TRUE(many.targets_cut);
    const ObjectInfo torn =
        parsed(FdType::epoll, "tfd: 5 events: 19 data: 0 pos:0 ino:1 sdev:9\nt");
    EXPECT_EQ(torn.targets.size(), 1U);
    EXPECT_TRUE(torn.targets_cut);
    lines = "UserFiles:\t1001\n";
    for (std::size_t i = 0; i <= ObjectInfo::kMaxTargets; ++i) lines += fmt::format("{:5}: x\n", i);
    const ObjectInfo ring = parsed(FdType::io_uring, lines);
    EXPECT_EQ(ring.targets.size(), ObjectInfo::kMaxTargets);
    EXPECT_TRUE(ring.targets_cut);
}

}  // namespace
}  // namespace logfia
