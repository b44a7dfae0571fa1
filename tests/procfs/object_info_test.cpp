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
}

}  // namespace
}  // namespace logfia
