// Processes of a fake tree, whose known descriptors the test writes: what the kernel has told of
// the pairs is known before, and something that is closed makes the peers be named.

#include "support/event_sinks.hpp"
#include "support/fake_proc.hpp"
#include <logfia/base/unique_fd.hpp>
#include <logfia/source/poll/unix_peers.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logfia {
namespace {

constexpr std::uint64_t kOurs = 1001;
constexpr std::uint64_t kTheirs = 1002;

class UnixPeersTest : public ::testing::Test {
  protected:
    UnixPeersTest() : root_(ProcRoot::open(proc_.path())), ledger_(numbers_) {}

    /// Watched in the order of their PIDs.
    WatchedProcess& watch(pid_t pid, std::string comm) {
        proc_.add_process(pid, comm);
        auto process = Process::open(*root_, pid, Holding::descriptors);
        EXPECT_TRUE(process);
        processes_.push_back(std::make_unique<WatchedProcess>(numbers_.next_process(),
                                                              std::move(*process), Origin{}));
        return *processes_.back();
    }
    /// Opens a connected socket, of which the kernel has told the inode of the other end.
    std::uint32_t open(WatchedProcess& watched, int fd, std::uint64_t inode, std::uint64_t peer,
                       std::optional<PeerProcess> told = {}) {
        auto info = std::make_shared<SocketInfo>();
        info->state = SocketState::established;
        info->kind = "stream";
        info->peer = std::move(told);
        Ledger::Opening opening;
        opening.descriptor.fd = fd;
        opening.descriptor.inode = inode;
        opening.descriptor.type = FdType::unix_socket;
        opening.descriptor.socket = std::move(info);
        FdEntry entry;
        entry.fd = fd;
        entry.slot = ledger_.opened(watched, std::move(opening));
        test::KeptEvents opens;
        ledger_.publish({}, opens);
        watched.known[entry.slot].peer_inode = peer;
        watched.snapshot.entries().push_back(entry);
        return entry.slot;
    }
    void close(WatchedProcess& watched, std::uint32_t slot) {
        std::erase_if(watched.snapshot.entries(),
                      [slot](const FdEntry& entry) { return entry.slot == slot; });
        ledger_.closed(watched, slot, Ledger::Closing::by_call);
    }
    /// Names the peers, and publishes; `pid comm`, `made by pid comm`, or `-` of the last event.
    std::string name() {
        peers_.name({}, processes_, ledger_);
        test::KeptEvents kept;
        ledger_.publish({}, kept);
        return kept.events.empty() ? "" : text(kept.events.back().descriptor_change()->descriptor);
    }
    static std::string text(const Descriptor& descriptor) {
        const auto& peer = descriptor.socket->peer;
        if (!peer) return "-";
        return (peer->made_by ? "made by " : "") + std::to_string(peer->pid) + " " + peer->comm;
    }
    static std::string peer_of(const WatchedProcess& watched, std::uint32_t slot) {
        return text(watched.known[slot].descriptor);
    }

    test::FakeProc proc_;
    Result<ProcRoot> root_;
    Numbers numbers_;
    Ledger ledger_;
    UnixPeers peers_;
    std::vector<std::unique_ptr<WatchedProcess>> processes_;
};

TEST_F(UnixPeersTest, WhoHasTheOtherEndIsThePeer) {
    WatchedProcess& client = watch(41, "client");
    WatchedProcess& server = watch(42, "server");
    const auto ours = open(client, 3, kOurs, kTheirs, PeerProcess{7, "manager", true});
    const auto theirs = open(server, 3, kTheirs, 0);
    const auto copy = open(client, 4, kOurs, kTheirs);
    name();
    EXPECT_EQ(peer_of(client, ours), "made by 7 manager") << "nothing was asked or closed";
    close(client, copy);
    EXPECT_EQ(name(), "42 server") << "the one that is closed";
    EXPECT_EQ(peer_of(client, ours), "42 server");
    EXPECT_EQ(peer_of(server, theirs), "41 client");
    EXPECT_EQ(server.known[theirs].peer_inode, kOurs);
    close(server, theirs);
    EXPECT_EQ(name(), "41 client");
    close(client, ours);
    EXPECT_EQ(name(), "42 server") << "the last that had it";
}

TEST_F(UnixPeersTest, WhoIsNotWatchedStaysTheMaker) {
    WatchedProcess& client = watch(41, "client");
    const auto ours = open(client, 3, kOurs, kTheirs, PeerProcess{7, "manager", true});
    close(client, ours);
    EXPECT_EQ(name(), "made by 7 manager");
}

TEST_F(UnixPeersTest, OfSeveralTheMakerCounts) {
    WatchedProcess& parent = watch(41, "parent");
    WatchedProcess& child = watch(42, "child");
    WatchedProcess& client = watch(43, "client");
    const auto of_maker = open(client, 3, kOurs, kTheirs, PeerProcess{41, "was", true});
    const auto accepted = open(parent, 3, kTheirs, kOurs);
    const auto inherited = open(child, 3, kTheirs, kOurs);
    const auto copy = open(client, 4, kOurs, kTheirs, PeerProcess{7, "manager", true});
    close(parent, open(parent, 9, kTheirs, kOurs));
    name();
    EXPECT_EQ(peer_of(client, of_maker), "41 parent");
    EXPECT_EQ(peer_of(client, copy), "made by 7 manager") << "which of the two, nobody knows";
    EXPECT_EQ(peer_of(parent, accepted), "43 client");
    EXPECT_EQ(peer_of(child, inherited), "43 client");

    close(parent, accepted);
    name();
    EXPECT_EQ(peer_of(client, of_maker), "42 child");
    EXPECT_EQ(peer_of(client, copy), "42 child");
}

TEST_F(UnixPeersTest, WhoWasNamedStaysNamedWhenAChildInherits) {
    WatchedProcess& server = watch(41, "server");
    WatchedProcess& child = watch(42, "child");
    WatchedProcess& client = watch(43, "client");
    const auto ours = open(client, 3, kOurs, kTheirs, PeerProcess{41, "server"});
    open(server, 3, kTheirs, kOurs);
    open(child, 3, kTheirs, kOurs);
    close(child, open(child, 4, kTheirs, kOurs));
    name();
    EXPECT_EQ(peer_of(client, ours), "41 server");
}

TEST_F(UnixPeersTest, NobodyIsTheirOwnPeer) {
    WatchedProcess& process = watch(41, "process");
    const auto ours = open(process, 3, kOurs, kTheirs, PeerProcess{7, "maker", true});
    const auto theirs = open(process, 4, kTheirs, kOurs);
    close(process, open(process, 5, kOurs, kTheirs));
    name();
    EXPECT_EQ(peer_of(process, ours), "-");
    EXPECT_EQ(peer_of(process, theirs), "-");
}

TEST_F(UnixPeersTest, WhoHasEndedHasNothing) {
    WatchedProcess& client = watch(41, "client");
    WatchedProcess& server = watch(42, "server");
    const auto ours = open(client, 3, kOurs, kTheirs, PeerProcess{7, "manager", true});
    open(server, 3, kTheirs, kOurs);
    server.ended = true;
    close(client, ours);
    EXPECT_EQ(name(), "made by 7 manager");
}

/// A server hands the connection to a process that is not watched.
TEST_F(UnixPeersTest, WhoeverHasClosedItsEndIsNoPeerWhileOthersHaveIt) {
    std::array<int, 2> ends{-1, -1};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd here(ends[0]);
    UniqueFd there(ends[1]);
    const auto inode_of = [](const UniqueFd& socket) {
        struct stat status {};
        EXPECT_EQ(fstat(socket.get(), &status), 0);
        return status.st_ino;
    };
    WatchedProcess& client = watch(41, "client");
    WatchedProcess& server = watch(42, "server");
    const auto ours =
        open(client, 3, inode_of(here), inode_of(there), PeerProcess{7, "manager", true});
    // Of two descriptors of the other end, one is closed.
    const auto accept_and_close_a_copy = [&](int fd) {
        const auto accepted = open(server, fd, inode_of(there), inode_of(here));
        const auto copy = open(server, fd + 1, inode_of(there), inode_of(here));
        name();
        close(server, copy);
        name();
        EXPECT_EQ(peer_of(client, ours), "42 server");
        return accepted;
    };
    close(server, accept_and_close_a_copy(3));
    name();
    EXPECT_EQ(peer_of(client, ours), "made by 7 manager");

    const auto again = accept_and_close_a_copy(5);
    const auto inode = inode_of(there);
    there.reset();
    close(server, again);
    name();
    EXPECT_EQ(peer_of(client, ours), "42 server") << inode << " is nobody's any more";
}

}  // namespace
}  // namespace logfia
