// How changes of a table become records when the number belongs to another file by the time of the
// question, and when the link does not show that.

#include "source/poll/poller_fixture.hpp"
#include "support/event_parts.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::fd_of;
using test::Lines;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string line_of(const Event& event) {
    const Descriptor& descriptor = fd_of(event).descriptor;
    return fmt::format("{} {} {} {}", to_string(event.kind), descriptor.fd,
                       to_string(descriptor.access), descriptor.name);
}

class PollerChanges : public test::PollerFixture {
  protected:
    PollerChanges() : PollerFixture(line_of) { proc_.add_process(42, "worker"); }
    void watch(const Origin& origin = {}) { watch_all({42}, origin); }
    Lines look() { return look_after(milliseconds(100)); }
    [[nodiscard]] Descriptor only() const {
        EXPECT_EQ(seen_.events.size(), 1U);
        return seen_.events.empty() ? Descriptor{} : fd_of(seen_.events[0]).descriptor;
    }
};

TEST_F(PollerChanges, AreToldByDescriptorAlsoWhereANumberHasAnotherFile) {
    for (int fd = 3; fd <= 6; ++fd) proc_.open(42, fd, fmt::format("/{}", fd));
    watch();
    look();
    proc_.retarget(42, 3, "/a", {});
    proc_.close(42, 4);
    proc_.retarget(42, 5, "/b", {});
    proc_.close(42, 6);
    proc_.open(42, 2, "/c");
    EXPECT_THAT(look(), ElementsAre("close 3 r /3", "close 4 r /4", "close 5 r /5", "close 6 r /6",
                                    "open 2 r /c", "open 3 r /a", "open 5 r /b"));
}

/// A command closes inherited descriptors before the first look after its exec.
TEST_F(PollerChanges, OfALookAheadHaveItsTime) {
    proc_.open(42, 9, "/given");
    watch({Origin::Start::launched, {}, {{9, "/given"}}});
    const Now ahead = later(milliseconds(100));
    poller_->look_ahead(ahead);
    poller_->after_exec();
    proc_.close(42, 9);
    proc_.open(42, 3, "/own");
    EXPECT_THAT(look(), ElementsAre("open 9 r /given", "close 9 r /given", "open 3 r /own"));
    ASSERT_EQ(seen_.events.size(), 3U);
    EXPECT_EQ(seen_.events[0].at.steady, ahead.steady);
    EXPECT_EQ(seen_.events[0].at.wall, ahead.wall);
    EXPECT_TRUE(fd_of(seen_.events[0]).initial);
    EXPECT_EQ(seen_.events[1].at.steady, now_.steady);
    EXPECT_EQ(fd_of(seen_.events[1]).opened, ahead.wall);
    EXPECT_EQ(seen_.events[2].at.steady, now_.steady);
}

/// The number was given to another file between the link and fdinfo.
TEST_F(PollerChanges, ASocketsRecordHasNoFactsOfAnotherFile) {
    proc_.open(42, 3, "socket:[77]", {.flags = O_RDONLY, .inode = 861});
    proc_.open(42, 4, "pipe:[78]", {.flags = O_RDONLY, .inode = 861});
    proc_.open(42, 5, "net:[79]", {.flags = O_RDWR, .inode = 861});
    proc_.open(42, 6, "socket:[80]", {.flags = O_RDWR});
    watch();
    EXPECT_THAT(look(), ElementsAre("open 3  socket:[77]", "open 4  pipe:[78]", "open 5  net:[79]",
                                    "open 6 rw socket:[80]"));
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.inode, 77U);
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.flags, 0U);
    EXPECT_EQ(fd_of(seen_.events[1]).descriptor.inode, 78U);
    EXPECT_EQ(fd_of(seen_.events[2]).descriptor.type, FdType::name_space);
}

TEST_F(PollerChanges, WhatCannotBeAskedIsStillTold) {
    proc_.open(42, 3, "/a");
    proc_.open(42, 4, "/dev/null");
    for (const char* number : {"3", "4"})
        std::remove((proc_.path() + "/42/fdinfo/" + number).c_str());
    watch();
    EXPECT_THAT(look(), ElementsAre("open 3  /a", "open 4  /dev/null"));
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.type, FdType::file);
    EXPECT_EQ(fd_of(seen_.events[1]).descriptor.type, FdType::unknown) << "it may be a device";
}

/// The mount of an inherited file, which no table lists.
TEST_F(PollerChanges, OnAnUnlistedMountFdinfoTellsTheTypeOrNobody) {
    constexpr std::uint32_t kDirectory = O_RDONLY | O_DIRECTORY;
    constexpr std::uint32_t kTemporary = O_RDWR | O_TMPFILE;
    proc_.open(42, 3, "/fifo", {.mount = 99});
    proc_.open(42, 4, "/directory", {.flags = kDirectory, .mount = 99});
    proc_.open(42, 5, "/log", {.pos = 7, .mount = 99});
    proc_.open(42, 6, "/dev/sda", {.pos = 7, .mount = 99});
    proc_.open(42, 7, "/#1 (deleted)", {.flags = kTemporary, .mount = 99});
    proc_.open(42, 8, "/memfd:x (deleted)", {.mount = 99});
    watch();
    look();
    std::vector<FdType> types;
    for (const Event& event : seen_.events) types.push_back(fd_of(event).descriptor.type);
    EXPECT_THAT(types, ElementsAre(FdType::unknown, FdType::directory, FdType::file,
                                   FdType::unknown, FdType::file, FdType::memfd));
}

TEST_F(PollerChanges, AFileThatIsUnmountedLazilyIsRenamed) {
    proc_.mountinfo(42, "50 1 0:40 / /m rw - unheard_of x rw\n");
    proc_.open(42, 3, "/m/seg", {.flags = O_RDWR, .mount = 50, .inode = 3});
    watch();
    look();
    proc_.mountinfo(42, "");
    proc_.retarget(42, 3, "/seg");
    EXPECT_THAT(look(), ElementsAre("rename 3 rw /seg"));
    EXPECT_EQ(only().type, FdType::file) << "as it was known before";
    EXPECT_EQ(fd_of(seen_.events[0]).old_name, "/m/seg");
}

TEST_F(PollerChanges, AnotherFileBehindTheSameLinkIsACloseAndAnOpen) {
    proc_.open(42, 3, "/memfd:x (deleted)", {.flags = O_RDWR, .mount = 99, .inode = 5});
    proc_.open(42, 4, "/dev/null", {.flags = O_RDONLY, .mount = 99, .inode = 6});
    watch();
    look();
    proc_.retarget(42, 3, "/memfd:x (deleted)", {.flags = O_RDWR, .mount = 99, .inode = 7});
    proc_.retarget(42, 4, "/dev/null", {.flags = O_WRONLY, .mount = 99, .inode = 6});
    EXPECT_THAT(look(), ElementsAre("close 3 rw /memfd:x (deleted)", "close 4 r /dev/null",
                                    "open 3 rw /memfd:x (deleted)", "open 4 w /dev/null"));
    EXPECT_EQ(fd_of(seen_.events[0]).descriptor.inode, 5U);
    EXPECT_EQ(fd_of(seen_.events[2]).descriptor.inode, 7U);
    EXPECT_FALSE(fd_of(seen_.events[2]).initial);
    look();
    proc_.close(42, 3);
    EXPECT_THAT(look(), ElementsAre("close 3 rw /memfd:x (deleted)"));
    EXPECT_EQ(fd_of(seen_.events[0]).held, milliseconds(200));
}

TEST_F(PollerChanges, FlagsThatFcntlCanChangeAreNoReopening) {
    proc_.open(42, 3, "/dev/tty", {.flags = O_RDWR, .mount = 99, .inode = 6});
    watch();
    look();
    proc_.retarget(42, 3, "/dev/tty",
                   {.flags = O_RDWR | O_NONBLOCK | O_APPEND | O_CLOEXEC, .mount = 99, .inode = 6});
    EXPECT_THAT(look(), IsEmpty());
}

/// A log that is rotated and reopened between two looks.
TEST_F(PollerChanges, AFileThatTookTheNameOfAnotherIsAnotherOne) {
    proc_.open(42, 3, "/a", {.pos = 7, .flags = O_RDWR, .inode = 5});
    watch();
    look();
    EXPECT_EQ(only().type, FdType::file);
    proc_.retarget(42, 3, "/a", {.pos = 7, .flags = O_RDONLY, .inode = 6});
    EXPECT_THAT(look(), ElementsAre("close 3 rw /a", "open 3 r /a"));
}

/// Half a percent of a CPU may be spent on that: two files in a millisecond.
TEST_F(PollerChanges, OfManyFilesFewAreComparedWhereLooksComeOften) {
    options_.interval = milliseconds(1);
    for (int fd = 3; fd < 9; ++fd) proc_.open(42, fd, "/a", {.pos = 7, .inode = 5});
    watch();
    look();
    for (int fd = 3; fd < 9; ++fd) proc_.retarget(42, fd, "/a", {.pos = 7, .inode = 6});
    std::size_t looks = 0;
    for (std::size_t told = 0; told < 12 && looks < 20; ++looks) {
        const std::size_t now = look().size();
        EXPECT_LE(now, 4U);
        told += now;
    }
    EXPECT_LE(looks, 4U);
}

/// With more of one process than a look compares, the others have their turn in the next one.
TEST_F(PollerChanges, AProcessWithManyUnclearOnesLeavesOthersTheirTurn) {
    for (int fd = 0; fd < 600; ++fd)
        proc_.open(42, fd, "/dev/null", {.flags = O_RDONLY, .mount = 99, .inode = 6});
    proc_.add_process(43, "other");
    proc_.open(43, 3, "/dev/null", {.flags = O_RDONLY, .mount = 99, .inode = 6});
    watch();
    auto other = Process::open(poller_->root(), 43, Holding::descriptors);
    ASSERT_TRUE(other);
    poller_->processes().add(std::move(*other));
    look();
    for (int round = 0; round < 5; ++round) {
        const bool writes = round % 2 == 0;
        proc_.retarget(43, 3, "/dev/null",
                       {.flags = static_cast<std::uint32_t>(writes ? O_WRONLY : O_RDONLY),
                        .mount = 99,
                        .inode = 6});
        Lines lines = look();
        if (lines.empty()) lines = look();
        EXPECT_THAT(lines, ElementsAre(writes ? "close 3 r /dev/null" : "close 3 w /dev/null",
                                       writes ? "open 3 w /dev/null" : "open 3 r /dev/null"));
    }
}

TEST_F(PollerChanges, OfManyUnclearOnesAShareIsComparedInEachLook) {
    constexpr int kMany = 1200;
    for (int fd = 0; fd < kMany; ++fd)
        proc_.open(42, fd, "/dev/null", {.flags = O_RDONLY, .mount = 99, .inode = 6});
    watch();
    look();
    look();  // the first 512 are compared with this one
    const int last = kMany - 1;
    proc_.retarget(42, last, "/dev/null", {.flags = O_WRONLY, .mount = 99, .inode = 6});
    EXPECT_THAT(look(), IsEmpty());
    EXPECT_THAT(look(), ElementsAre("close 1199 r /dev/null", "open 1199 w /dev/null"));
}

}  // namespace
}  // namespace logfia
