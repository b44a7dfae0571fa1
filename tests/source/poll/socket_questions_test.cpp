// How often sockets that may still connect are asked, through duplicates.

#include "source/poll/watched_helper.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

class SocketQuestions : public ::testing::Test, public test::WatchedHelper {};

TEST_F(SocketQuestions, WhoHasNotRunIsAskedSeldom) {
    watch();
    for (int i = 0; i < 10; ++i) maker_.fd("tcp-socket");
    ASSERT_TRUE(test::eventually(
        [this] { return test::status_line(maker_.pid(), "State").starts_with('S'); }));
    look();
    const auto before = questions_put();
    for (int i = 0; i < 100; ++i) look(milliseconds(40));
    EXPECT_EQ(questions_put(), before);
    look(seconds(1));
    EXPECT_EQ(questions_put() - before, 10U) << "somebody else may share them";
}

/// A child that connects when a table has just been read for it, and sleeps when the next reading
/// is due.
TEST_F(SocketQuestions, AReadingThatComesTooSoonIsMadeUpFor) {
    for (const auto interval : {milliseconds(1), milliseconds(100)}) {
        watch(true, interval);
        const auto udp = maker_.numbers("udp-bind");
        look(interval);
        maker_.ask(fmt::format("connect {} 127.0.0.1 0", udp.at(0)));
        std::vector<std::string> told = lines(milliseconds(1));
        for (int i = 0; i < 30; ++i)
            for (const std::string& line : lines(interval)) told.push_back(line);
        EXPECT_THAT(told, ElementsAre(fmt::format("connect {} 127.0.0.1:0", udp.at(0))));
    }
}

TEST_F(SocketQuestions, ManyAreAskedInTurn) {
    watch();
    std::vector<int> fds;
    for (int i = 0; i < 700; ++i) fds.push_back(maker_.fd("udp"));
    look();
    look(seconds(1));
    for (const int fd : {fds.front(), fds.at(400), fds.back()}) {
        maker_.ask(fmt::format("connect {} 127.0.0.1 9", fd));
        const auto before = questions_put();
        std::vector<std::string> told = lines();
        EXPECT_LE(questions_put() - before, 512U);
        for (const std::string& line : lines()) told.push_back(line);
        EXPECT_LE(questions_put() - before, 1024U);
        EXPECT_THAT(told, ElementsAre(fmt::format("connect {} 127.0.0.1:9", fd)));
        look(milliseconds(1));
    }
}

/// Connections one after another, and in between another process with as many questions.
TEST_F(SocketQuestions, NoneOfManyIsForgotten) {
    watch();
    std::vector<int> fds;
    for (int i = 0; i < 700; ++i) fds.push_back(maker_.fd("udp"));
    look();
    maker_.ask("spin on");
    std::size_t told = 0;
    for (int i = 0; i < 700; i += 100) {
        maker_.ask(fmt::format("connect {} 127.0.0.1 9", fds.at(static_cast<std::size_t>(i))));
        for (int again = 0; again < 3; ++again) told += lines().size();
    }
    maker_.ask("spin off");
    EXPECT_EQ(told, 7U);
}

}  // namespace
}  // namespace logfia
