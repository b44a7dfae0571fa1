#include <logfia/source/seccomp/peer_names.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace logfia {
namespace {

constexpr std::uint64_t kOurs = 1001;
constexpr std::uint64_t kTheirs = 1002;

class PeerNamesTest : public testing::Test {
  protected:
    static DescriptorOwner process(std::int32_t pid, std::string comm) {
        DescriptorOwner owner;
        owner.actor.number = static_cast<std::uint64_t>(pid);
        owner.actor.pid = pid;
        owner.actor.comm = std::move(comm);
        return owner;
    }
    std::uint32_t open(std::uint64_t id, std::uint64_t inode, DescriptorOwner& owner) {
        const std::uint32_t slot = owner.known.add();
        owner.known[slot].descriptor.socket = std::make_shared<SocketInfo>();
        names.opened(id, inode, owner, slot);
        return slot;
    }
    static std::string peer_of(const DescriptorOwner& owner, std::uint32_t slot) {
        const auto& peer = owner.known[slot].descriptor.socket->peer;
        return peer ? std::to_string(peer->pid) + ' ' + peer->comm : "-";
    }

    DescriptorOwner parent = process(1, "parent");
    DescriptorOwner child = process(2, "child");
    PeerNames names;
};

TEST_F(PeerNamesTest, WhoHasTheOtherEndIsNamedAtBoth) {
    const auto ours = open(1, kOurs, parent);
    const auto theirs = open(2, kTheirs, child);
    EXPECT_EQ(peer_of(parent, ours), "-");
    names.connected(kTheirs, kOurs);
    EXPECT_EQ(peer_of(parent, ours), "2 child");
    EXPECT_EQ(peer_of(child, theirs), "1 parent");
}

TEST_F(PeerNamesTest, WhoGetsTheOtherEndLaterIsNamedFromThenOn) {
    const auto ours = open(1, kOurs, parent);
    names.connected(kOurs, kTheirs);
    open(2, kTheirs, parent);
    EXPECT_EQ(peer_of(parent, ours), "-") << "it has both";
    names.opened(3, kTheirs, child, {});
    EXPECT_EQ(peer_of(parent, ours), "2 child") << "untold, but known to have it";
    const auto copy = open(4, kOurs, parent);
    EXPECT_EQ(peer_of(parent, copy), "2 child");
}

TEST_F(PeerNamesTest, TheLastAnswerStaysAndHasTheLastName) {
    const auto ours = open(1, kOurs, parent);
    names.connected(kOurs, kTheirs);
    names.opened(2, kTheirs, child, {});
    child.actor.comm = "prog";
    names.closed(2);
    EXPECT_EQ(peer_of(parent, ours), "2 prog");
    names.closed(1);
    EXPECT_EQ(peer_of(parent, ours), "2 prog") << "until its own close is told";
}

TEST_F(PeerNamesTest, WhoComesWhenAllIsForgottenIsNotNamed) {
    open(1, kOurs, parent);
    names.connected(kOurs, kTheirs);
    names.closed(1);
    const auto theirs = open(2, kTheirs, child);
    EXPECT_EQ(peer_of(child, theirs), "-");
    names.closed(2);
    names.closed(2);
}

TEST_F(PeerNamesTest, AnEndIsKnownAfterItsLastDescriptor) {
    open(1, kOurs, parent);
    names.connected(kOurs, kTheirs);
    open(2, kTheirs, parent);
    names.closed(1);
    names.opened(3, kOurs, child, {});
    const auto copy = open(4, kTheirs, parent);
    EXPECT_EQ(peer_of(parent, copy), "2 child");
}

}  // namespace
}  // namespace logfia
