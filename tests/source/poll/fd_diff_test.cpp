#include "support/temp_dir.hpp"
#include <logfia/base/unique_fd.hpp>
#include <logfia/source/poll/fd_diff.hpp>
#include <logfia/source/poll/fd_reader.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace logfia {
namespace {

namespace fs = std::filesystem;

/// A directory of links that plays `/proc/N/fd`, and the two looks at it.
class FdTable : public ::testing::Test {
  protected:
    void open(int fd, const std::string& target) {
        close(fd);
        fs::create_symlink(target, path(std::to_string(fd)));
    }
    [[nodiscard]] fs::path path(const std::string& name) const { return directory_.path(name); }
    void close(int fd) { fs::remove(path(std::to_string(fd))); }

    /// The changes since the last look, a line each.
    std::vector<std::string> look(FdReader::Links links = FdReader::Links::all) {
        std::vector<std::string> lines;
        const auto outcome = reader_.read(dir_.get(), ++look_, before_, after_, links);
        EXPECT_EQ(outcome.state, LookOutcome::State::complete);
        const auto line = [&](const char* what, const FdSnapshot& snapshot, const FdEntry& entry) {
            lines.push_back(what + std::to_string(entry.fd) + " " +
                            std::string(snapshot.name(entry)));
        };
        diff(
            before_, after_, [&](const FdEntry& e) { line("close ", before_, e); },
            [&](const FdEntry&, FdEntry& e) {
                e.changed = look_;
                line("change ", after_, e);
            },
            [&](FdEntry& e) {
                e.slot = static_cast<std::uint32_t>(1000 + e.fd);
                line("open ", after_, e);
            });
        before_.assign(after_);
        return lines;
    }

    FdReader reader_;
    FdSnapshot before_;
    FdSnapshot after_;
    test::TempDir directory_;
    UniqueFd dir_{::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    std::uint32_t look_ = 0;
};

using Lines = std::vector<std::string>;

TEST_F(FdTable, TellsEachNumberOnceInAscendingOrder) {
    open(10, "/ten");
    open(9, "socket:[9]");
    open(100, "/hundred");
    EXPECT_EQ(look(), (Lines{"open 9 socket:[9]", "open 10 /ten", "open 100 /hundred"}));
    EXPECT_EQ(look(), Lines{});
}

TEST_F(FdTable, TwoDescriptorsOnOnePathAreTwo) {
    open(3, "/same");
    open(4, "/same");
    EXPECT_EQ(look(), (Lines{"open 3 /same", "open 4 /same"}));
    close(3);
    EXPECT_EQ(look(), Lines{"close 3 /same"});
}

TEST_F(FdTable, ANumberOnAnotherFileIsAChange) {
    open(3, "/a");
    open(5, "/b");
    look();
    open(3, "/c");
    open(4, "/d");
    close(5);
    EXPECT_EQ(look(), (Lines{"change 3 /c", "open 4 /d", "close 5 /b"}));
}

TEST_F(FdTable, ANameThatGrowsOrShrinksIsAChange) {
    open(3, "/ab");
    look();
    open(3, "/abc");
    EXPECT_EQ(look(), Lines{"change 3 /abc"});
    open(3, "/a");
    EXPECT_EQ(look(), Lines{"change 3 /a"});
}

TEST_F(FdTable, IgnoresWhatIsNoDescriptor) {
    open(3, "/a");
    fs::create_symlink("/x", path("12x"));
    fs::create_symlink("/x", path("99999999999999"));
    EXPECT_EQ(look(), Lines{"open 3 /a"});
}

TEST_F(FdTable, KeepsTheLongestNames) {
    const std::string longest = "/" + std::string(4000, 'x');
    open(3, longest);
    open(4, "/a\nb\x1b[31m\xff");
    EXPECT_EQ(look(), (Lines{"open 3 " + longest, "open 4 /a\nb\x1b[31m\xff"}));
    EXPECT_EQ(look(), Lines{});
}

TEST_F(FdTable, WhatTheCallerNotedGoesAlongWithTheNumber) {
    open(7, "/seven");
    open(3, "/three");
    look();
    for (int i = 0; i < 100; ++i) {
        open(5, "/five" + std::to_string(i % 2));
        look();
    }
    ASSERT_NE(before_.find(7), nullptr);
    EXPECT_EQ(before_.find(7)->slot, 1007U);
    EXPECT_EQ(before_.find(3)->slot, 1003U);
    EXPECT_EQ(before_.find(5)->slot, 1005U);
    EXPECT_EQ(before_.find(4), nullptr);
}

TEST_F(FdTable, ThousandsOfNumbersAcrossManyChunks) {
    for (int fd = 0; fd < 3000; ++fd) open(fd, "/file/" + std::to_string(fd));
    EXPECT_EQ(look().size(), 3000U);
    EXPECT_EQ(look(), Lines{});
    for (int fd = 0; fd < 3000; fd += 3) close(fd);
    const auto lines = look();
    ASSERT_EQ(lines.size(), 1000U);
    EXPECT_EQ(lines.front(), "close 0 /file/0");
    EXPECT_EQ(lines.back(), "close 2997 /file/2997");
}

TEST_F(FdTable, AnEmptyTableIsNoError) {
    EXPECT_EQ(look(), Lines{});
    open(0, "/a");
    look();
    close(0);
    EXPECT_EQ(look(), Lines{"close 0 /a"});
}

/// Our own table, with the directory that is read among it.
TEST(FdReader, ListsNothingWhenNothingIsNew) {
    const UniqueFd dir(::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat table {};
    ASSERT_EQ(fstat(dir.get(), &table), 0);
    if (table.st_size == 0) GTEST_SKIP() << "this kernel does not count open descriptors";
    FdReader reader;
    FdSnapshot before;
    FdSnapshot after;
    const auto has_listed = [&](std::uint32_t look) {
        lseek(dir.get(), 0, SEEK_SET);
        EXPECT_EQ(reader.read(dir.get(), look, before, after).state, LookOutcome::State::complete);
        return lseek(dir.get(), 0, SEEK_CUR) > 0;
    };
    EXPECT_TRUE(has_listed(1));
    before.assign(after);
    EXPECT_TRUE(has_listed(FdReader::kHotLooks)) << "what is new should be read at once";
    EXPECT_FALSE(has_listed(FdReader::kHotLooks + 2));
    ASSERT_EQ(after.entries().size(), before.entries().size());
    for (const FdEntry& entry : before.entries())
        EXPECT_EQ(after.name(*after.find(entry.fd)), before.name(entry));
    const UniqueFd more(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(has_listed(FdReader::kHotLooks + 3));
    EXPECT_NE(after.find(more.get()), nullptr);
}

TEST(FdReader, SaysThatAnEndedProcessIsGone) {
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    UniqueFd dir(::open(("/proc/" + std::to_string(child) + "/fd").c_str(),
                        O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(dir);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    FdReader reader;
    FdSnapshot before;
    FdSnapshot after;
    EXPECT_EQ(reader.read(dir.get(), 1, before, after).state, LookOutcome::State::gone);
}

TEST_F(FdTable, WithSomeLinksWhatIsNewIsSeenAtOnceAndTheRestInTurn) {
    for (int fd = 100; fd < 140; ++fd) open(fd, "/f");
    look();
    look_ += FdReader::kHotLooks;
    EXPECT_EQ(look(FdReader::Links::some), Lines{});
    open(7, "/new");
    close(139);
    EXPECT_EQ(look(FdReader::Links::some), (Lines{"open 7 /new", "close 139 /f"}));
    // Closed and opened again between two looks.
    open(120, "/g");
    Lines told;
    for (int looks = 0; looks < 16; ++looks)
        for (const std::string& line : look(FdReader::Links::some)) told.push_back(line);
    EXPECT_EQ(told, Lines{"change 120 /g"});
}

}  // namespace
}  // namespace logfia
