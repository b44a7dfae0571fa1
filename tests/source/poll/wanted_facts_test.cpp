// A look asks for what somebody wants, and for nothing else.

#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include "support/temp_dir.hpp"
#include <logfia/source/poll/poller.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::fd_of;
using ::testing::ElementsAre;

constexpr WantedFacts kNothing{
    .types = false, .access = false, .details = false, .identity = false};

std::string line_of(const Event& event) {
    const Descriptor& descriptor = fd_of(event).descriptor;
    return fmt::format("{} {} type={} access={}", descriptor.fd, descriptor.name,
                       to_string(descriptor.type), to_string(descriptor.access));
}

std::uint64_t inode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return status.st_ino;
}

class ASingleLook : public ::testing::Test {
  protected:
    ASingleLook() { proc_.add_process(42, "worker"); }
    test::Lines lines(WantedFacts facts) {
        auto root = ProcRoot::open(proc_.path());
        auto process = Process::open(*root, 42, Holding::descriptors);
        PollerOptions options{.interval = milliseconds(100), .facts = facts, .single_look = true};
        Numbers numbers;
        Poller poller(std::move(*root), options, numbers);
        poller.processes().add(std::move(*process));
        seen_.clear();
        poller.look({WallTime(seconds(1'500'000'000)), SteadyTime(seconds(1000))}, seen_);
        return seen_.lines;
    }

    test::FakeProc proc_;
    test::KeptEvents seen_{line_of};
    test::TempDir files_;
};

TEST_F(ASingleLook, ReadsNoFdinfoForNamesAlone) {
    proc_.open(42, 3, files_.file("a"), {.flags = 0100001});
    proc_.open(42, 4, "pipe:[77]");
    proc_.open(42, 5, "anon_inode:[eventfd]");
    proc_.open(42, 6, "/memfd:region (deleted)");
    EXPECT_THAT(lines(kNothing), ElementsAre("3 " + files_.path("a") + " type= access=",
                                             "4 pipe:[77] type=pipe access=",
                                             "5 anon_inode:[eventfd] type=eventfd access=",
                                             "6 /memfd:region (deleted) type= access="));
    for (const Event& event : seen_.events) {
        EXPECT_EQ(fd_of(event).descriptor.inode, std::nullopt);
        EXPECT_EQ(fd_of(event).descriptor.pos, std::nullopt);
        EXPECT_EQ(fd_of(event).descriptor.device, std::nullopt);
    }
}

TEST_F(ASingleLook, ForTypesAsksOnlyWhatHasAPath) {
    proc_.mountinfo(42, "28 1 0:40 / / rw - tmpfs tmpfs rw\n");
    const std::string file = files_.file("a");
    proc_.open(42, 3, file, {.inode = inode_of(file)});
    proc_.open(42, 4, files_.path(),
               {.flags = 0100000 | O_DIRECTORY, .inode = inode_of(files_.path())});
    proc_.open(42, 5, "pipe:[77]", {.flags = 0100001});
    WantedFacts types = kNothing;
    types.types = true;
    test::Lines seen = lines(types);
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_THAT(seen[0], testing::HasSubstr("type=file"));
    EXPECT_THAT(seen[1], testing::HasSubstr("type=directory"));
    EXPECT_EQ(seen[2], "5 pipe:[77] type=pipe access=");
}

TEST_F(ASingleLook, TellsAccessWhereThatIsWanted) {
    proc_.open(42, 4, "pipe:[77]", {.flags = 0100001});
    WantedFacts access = kNothing;
    access.access = true;
    EXPECT_THAT(lines(access), ElementsAre("4 pipe:[77] type=pipe access=w"));
}

/// The details of a socket need no fdinfo: the link has its inode.
TEST_F(ASingleLook, TellsWhatASocketIsInAnyCase) {
    proc_.net_table(42, "unix",
                    "Num       RefCount Protocol Flags    Type St Inode Path\n"
                    "0000000000000000: 00000002 00000000 00010000 0001 01 1001 /run/bus\n");
    proc_.open(42, 3, "socket:[1001]");
    EXPECT_THAT(lines(kNothing), ElementsAre("3 socket:[1001] type=unix access="));
    ASSERT_NE(fd_of(seen_.events[0]).descriptor.socket, nullptr);
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.socket->path, "/run/bus");
}

}  // namespace
}  // namespace logfia
