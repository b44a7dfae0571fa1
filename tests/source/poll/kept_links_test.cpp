// Links that are held open, of a real process.

#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include "support/fd_maker_client.hpp"
#include "support/temp_dir.hpp"
#include <logfia/process/open_processes.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace logfia {
namespace {

using test::fd_of;
using test::FdMaker;
using test::KeptEvents;
using test::Lines;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

std::string line_of(const Event& event) {
    const Descriptor& descriptor = fd_of(event).descriptor;
    return fmt::format("{} {} {}", to_string(event.kind), descriptor.fd, descriptor.name);
}

class KeptLinksTest : public ::testing::Test {
  protected:
    void watch(std::size_t most) {
        auto root = ProcRoot::open("/proc");
        ASSERT_TRUE(root);
        const std::vector<pid_t> pids{maker_.pid()};
        OpenedProcesses opened = open_processes(*root, pids, DescriptorBudget(pids.size()));
        ASSERT_EQ(opened.processes.size(), 1U);
        PollerOptions options;
        options.interval = std::chrono::milliseconds(1);
        options.gate = false;  // also what others do is to be seen in the next look
        options.kept_links = most;
        poller_ = std::make_unique<Poller>(std::move(*root), options, numbers_);
        poller_->processes().add(std::move(opened.processes.front()));
        look();
    }
    Lines look() {
        KeptEvents changes(line_of);
        poller_->look(read_clocks(), changes);
        EXPECT_THAT(changes.notices, IsEmpty());
        return changes.lines;
    }
    /// Looks until the numbers that are new now are no longer hot.
    void look_for_long() {
        for (std::uint32_t i = 0; i <= FdReader::kHotLooks + 1; ++i) EXPECT_THAT(look(), IsEmpty());
    }
    /// The numbers of which we hold the links.
    [[nodiscard]] Lines held(const std::string& below = "") const {
        const std::string front = fmt::format("/proc/{}{}/fd/", maker_.pid(), below);
        Lines numbers;
        for (const auto& own : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code ignored;  // the listing's own descriptor is gone
            const std::string link = read_symlink(own.path(), ignored).string();
            if (link.starts_with(front)) numbers.push_back(link.substr(front.size()));
        }
        return numbers;
    }
    int open(const std::string& name) {
        return maker_.fd("open " + test::as_word(name) + " rw create");
    }
    void close(int fd) { maker_.ask(fmt::format("close {}", fd)); }

    test::TempDir files_;
    FdMaker maker_;
    Numbers numbers_;
    std::unique_ptr<Poller> poller_;
};

TEST_F(KeptLinksTest, AreThoseOfWhatStays) {
    watch(100);
    look();
    EXPECT_THAT(held(), UnorderedElementsAre("0", "1", "2"));
    const int fd = open(files_.path("a"));
    look();
    EXPECT_THAT(held(), UnorderedElementsAre("0", "1", "2"));
    look_for_long();
    EXPECT_THAT(held(), UnorderedElementsAre("0", "1", "2", std::to_string(fd)));
    close(fd);
    EXPECT_THAT(look(), ElementsAre(StartsWith("close ")));
    EXPECT_THAT(held(), UnorderedElementsAre("0", "1", "2"));
}

TEST_F(KeptLinksTest, TellWhatBecomesOfTheirNumber) {
    const std::string a = files_.path("a");
    const std::string b = files_.path("b");
    const std::string c = files_.path("c");
    const int fd = open(a);
    watch(100);
    look_for_long();
    std::filesystem::rename(a, b);
    EXPECT_THAT(look(), ElementsAre(fmt::format("rename {} {}", fd, b)));
    look_for_long();
    close(fd);
    ASSERT_EQ(open(c), fd);
    EXPECT_THAT(look(),
                ElementsAre(fmt::format("close {} {}", fd, b), fmt::format("open {} {}", fd, c)));
    look_for_long();
    EXPECT_THAT(held(), UnorderedElementsAre("0", "1", "2", std::to_string(fd)));
    std::filesystem::remove(c);
    EXPECT_THAT(look(), ElementsAre(fmt::format("rename {} {} (deleted)", fd, c)));
}

/// As many are open as before.
TEST_F(KeptLinksTest, OneForAnotherIsNoticedAtOnce) {
    const int first = open(files_.path("a"));
    const int second = open(files_.path("b"));
    close(first);
    watch(100);
    look_for_long();
    ASSERT_EQ(open(files_.path("c")), first);
    close(second);
    EXPECT_THAT(look(), ElementsAre(fmt::format("close {} {}", second, files_.path("b")),
                                    fmt::format("open {} {}", first, files_.path("c"))));
    EXPECT_THAT(look(), IsEmpty());
}

TEST_F(KeptLinksTest, AreNoMoreThanAllowed) {
    const int first = open(files_.path("a"));
    const int second = open(files_.path("b"));
    watch(4);
    look_for_long();
    EXPECT_THAT(held(), UnorderedElementsAre("0", "1", "2", std::to_string(first)));
    close(first);
    EXPECT_THAT(look(), ElementsAre(StartsWith("close ")));
    look();
    EXPECT_THAT(held(), UnorderedElementsAre("0", "1", "2", std::to_string(second)));
}

TEST_F(KeptLinksTest, AreNoneWithoutBeingAllowed) {
    watch(0);
    look_for_long();
    EXPECT_THAT(held(), IsEmpty());
}

/// Two watches of each other would never come to an end.
TEST_F(KeptLinksTest, AreNotThoseThatSomebodyHolds) {
    maker_.fd("open /proc/self path");
    watch(100);
    look_for_long();
    EXPECT_THAT(held(), UnorderedElementsAre("0", "1", "2"));
}

TEST_F(KeptLinksTest, DoNotHoldTheFile) {
    const auto ends = maker_.numbers("socketpair");
    watch(100);
    look_for_long();
    EXPECT_EQ(held().size(), 5U);
    close(ends.at(1));
    EXPECT_EQ(maker_.numbers(fmt::format("receive {} 1", ends.at(0))), std::vector{0})
        << "the other end is not closed";
}

TEST_F(KeptLinksTest, AreLetGoAtTheEnd) {
    watch(100);
    look_for_long();
    EXPECT_EQ(held().size(), 3U);
    maker_.end();
    EXPECT_EQ(look().size(), 3U);
    EXPECT_THAT(held(), IsEmpty());
    EXPECT_EQ(poller_->processes().watched(), 0U);
}

/// The first thread's table is gone, the process's is not.
TEST_F(KeptLinksTest, OutliveTheFirstThread) {
    const int fd = open(files_.path("a"));
    watch(100);
    look_for_long();
    const std::string thread = maker_.ask("thread-exit-leader").at(0);
    look_for_long();
    EXPECT_THAT(held(), IsEmpty());
    EXPECT_EQ(held("/task/" + thread).size(), 4U);
    close(fd);
    EXPECT_THAT(look(), ElementsAre(fmt::format("close {} {}", fd, files_.path("a"))));
}

/// A zombie has no links, and the held ones give no other answer.
TEST_F(KeptLinksTest, OfAZombieAreGone) {
    watch(100);
    look_for_long();
    kill(maker_.pid(), SIGKILL);
    siginfo_t info{};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(maker_.pid()), &info, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(look().size(), 3U);
    EXPECT_THAT(held(), IsEmpty());
}

}  // namespace
}  // namespace logfia
