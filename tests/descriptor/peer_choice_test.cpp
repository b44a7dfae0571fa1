#include <logfia/descriptor/peer_choice.hpp>

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

namespace logfia {
namespace {

/// The number of a process is ten times its PID.
Actor actor(int pid, std::string comm) {
    Actor actor;
    actor.number = static_cast<std::uint64_t>(pid) * 10;
    actor.pid = pid;
    actor.comm = std::move(comm);
    return actor;
}

class PeerChoiceTest : public testing::Test {
  protected:
    /// `made by 1 name`, `1 name`, `-` for nobody; empty where nothing changes.
    std::string choose(std::initializer_list<const Actor*> holders) {
        PeerChoice choice(info_, us_);
        for (const Actor* holder : holders) choice.add(*holder);
        const auto changed = choice.changed();
        if (!changed) return {};
        if (!changed->peer) return "-";
        return (changed->peer->made_by ? "made by " : "") + std::to_string(changed->peer->pid) +
               ' ' + changed->peer->comm;
    }

    Actor us_ = actor(1, "us");
    Actor server_ = actor(2, "server");
    Actor worker_ = actor(3, "worker");
    SocketInfo info_;
};

TEST_F(PeerChoiceTest, WhoHasTheOtherEndIsNamed) {
    EXPECT_EQ(choose({&server_}), "2 server");
    EXPECT_EQ(choose({&us_, &server_}), "2 server");
    EXPECT_EQ(choose({&server_, &server_}), "2 server") << "two descriptors of one process";
    info_.peer = PeerProcess{9, "maker", true};
    EXPECT_EQ(choose({&server_}), "2 server");
}

TEST_F(PeerChoiceTest, NobodyIsHisOwnPeer) {
    EXPECT_EQ(choose({&us_}), "") << "nothing changes";
    info_.peer = PeerProcess{2, "server", false};
    EXPECT_EQ(choose({&us_}), "-");
}

TEST_F(PeerChoiceTest, TheLastAnswerStaysWhereNobodyIsSeen) {
    info_.peer = PeerProcess{2, "server", false};
    EXPECT_EQ(choose({}), "");
}

TEST_F(PeerChoiceTest, OfSeveralTheOneThatWasNamedCounts) {
    EXPECT_EQ(choose({&server_, &worker_}), "") << "nobody was named";
    info_.peer = PeerProcess{3, "worker", false};
    EXPECT_EQ(choose({&server_, &worker_}), "");
    info_.peer = PeerProcess{2, "server", true};
    EXPECT_EQ(choose({&server_, &worker_}), "2 server") << "the maker has it";
    info_.peer = PeerProcess{9, "maker", true};
    EXPECT_EQ(choose({&server_, &worker_}), "") << "the maker stays";
}

TEST_F(PeerChoiceTest, TheMakerIsRemembered) {
    info_.peer = PeerProcess{9, "maker", true};
    PeerChoice choice(info_, us_);
    choice.add(server_);
    EXPECT_EQ(choice.changed()->peer_maker, info_.peer);
}

TEST_F(PeerChoiceTest, ANewNameOfTheProcessCounts) {
    info_.peer = PeerProcess{2, "sh", false};
    EXPECT_EQ(choose({&server_}), "2 server");
}

}  // namespace
}  // namespace logfia
