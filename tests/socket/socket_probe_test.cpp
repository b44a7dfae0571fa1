// Sockets of a real process, and of a fake tree, as the probe describes them.

#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include <logfia/socket/socket_probe.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace logfia {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using About = SocketQuery::About;
using Copy = SocketQuery::Copy;
using Stage = SocketQuery::Stage;
using Told = SocketQuery::Told;

template <class T>
T opened(Result<T> result) {
    if (!result) throw std::runtime_error("cannot be opened");
    return std::move(*result);
}

/// A process as a watch holds it.
struct Target {
    Target(const ProcRoot& root, pid_t pid)
        : process(opened(Process::open(root, pid, Holding::descriptors))) {
        access.owner = static_cast<std::uint64_t>(pid);
    }
    Process process;
    SocketAccess access;
};

SocketQuery about(Target& target, int fd, std::uint64_t inode) {
    SocketQuery query;
    query.process = &target.process;
    query.access = &target.access;
    query.fd = fd;
    query.inode = inode;
    return query;
}

/// Takes the three steps for a socket that no other descriptor is known of; nothing when it cannot
/// be asked.
std::optional<SocketQuery> answer(SocketProbe& probe, const ProcRoot& root, SocketQuery query,
                                  SteadyTime now = SteadyTime(seconds(1000))) {
    if (!probe.add(std::move(query), now)) return std::nullopt;
    SocketQuery found = probe.ask(root, now)[0];
    const auto rest = probe.look_up(root);
    if (!rest.empty()) found = rest[0];
    probe.clear();
    return found;
}

class ProbeOfAProcess : public ::testing::Test {
  protected:
    ProbeOfAProcess() : root_(opened(ProcRoot::open("/proc"))), target_(root_, maker_.pid()) {}

    SocketQuery about(int fd) {
        struct stat status {};
        EXPECT_EQ(stat(fmt::format("/proc/{}/fd/{}", maker_.pid(), fd).c_str(), &status), 0);
        return logfia::about(target_, fd, status.st_ino);
    }
    SocketQuery ask(SocketQuery query, SocketProbe::Options options = {}) {
        SocketProbe probe(asker_, options);
        auto found = answer(probe, root_, std::move(query));
        tables_read_ = probe.tables().tables_read();
        EXPECT_TRUE(found);
        return found.value_or(SocketQuery());
    }
    static SocketProbe::Options by_tables() {
        SocketProbe::Options options;
        options.copies = SocketProbe::Copies::forbidden;
        return options;
    }

    test::FdMaker maker_;
    ProcRoot root_;
    Target target_;
    BlockingAsker asker_;
    std::uint64_t tables_read_ = 0;
};

TEST_F(ProbeOfAProcess, ACopyTellsAllWithoutATable) {
    const auto listener = maker_.numbers("tcp-listen");
    const SocketQuery found = ask(about(listener.at(0)));
    EXPECT_EQ(found.stage, Stage::done);
    EXPECT_EQ(found.told, Told::copy);
    EXPECT_EQ(found.type, FdType::tcp);
    ASSERT_TRUE(found.info && found.info->local);
    EXPECT_EQ(found.info->local->port, listener.at(1));
    EXPECT_EQ(found.info->state, SocketState::listen);
    EXPECT_EQ(tables_read_, 0U);
}

TEST_F(ProbeOfAProcess, WhatHasNotChangedIsTheSameDescription) {
    for (const auto& options : {SocketProbe::Options{}, by_tables()}) {
        SocketQuery query = about(maker_.numbers("tcp-listen").at(0));
        const SocketQuery first = ask(query, options);
        query.type = first.type;
        query.info = first.info;
        EXPECT_EQ(ask(query, options).info, first.info);
    }
}

TEST_F(ProbeOfAProcess, WithoutCopiesATableTells) {
    const auto listener = maker_.numbers("tcp-listen");
    const SocketQuery found = ask(about(listener.at(0)), by_tables());
    EXPECT_EQ(found.told, Told::table);
    EXPECT_EQ(found.copy, Copy::none);
    EXPECT_EQ(found.type, FdType::tcp);
    ASSERT_TRUE(found.info && found.info->local);
    EXPECT_EQ(found.info->local->port, listener.at(1));
    EXPECT_EQ(tables_read_, 1U) << "the attribute tells which one";
}

TEST_F(ProbeOfAProcess, BeingInNoTableIsAnAnswer) {
    const SocketQuery found = ask(about(maker_.fd("tcp-socket")), by_tables());
    EXPECT_EQ(found.told, Told::table);
    EXPECT_EQ(found.type, FdType::tcp);
    ASSERT_TRUE(found.info);
    EXPECT_EQ(*found.info, SocketInfo());
}

TEST_F(ProbeOfAProcess, APeerWithoutAPortIsLookedFor) {
    const int fd = maker_.fd("udp");
    maker_.ask(fmt::format("connect {} 127.0.0.7 0", fd));
    const SocketQuery found = ask(about(fd));
    EXPECT_EQ(found.told, Told::table);
    EXPECT_EQ(found.copy, Copy::answered);
    ASSERT_TRUE(found.info && found.info->remote);
    EXPECT_EQ(found.info->remote->port, 0);
    EXPECT_EQ(found.info->remote->address.bytes[3], 7);

    // The peer from the table is believed until another table may be read.
    SocketQuery later = about(fd);
    later.type = found.type;
    later.info = found.info;
    later.tables = SocketQuery::Tables::later;
    const SocketQuery kept = ask(later);
    EXPECT_EQ(kept.told, Told::copy_without_peer);
    EXPECT_EQ(kept.info, found.info);
    EXPECT_EQ(tables_read_, 0U);
}

TEST_F(ProbeOfAProcess, TotalsAreToldOnDemand) {
    const auto listener = maker_.numbers("tcp-listen");
    const int client = maker_.fd(fmt::format("tcp-connect 127.0.0.1 {}", listener.at(1)));
    maker_.ask(fmt::format("send {} 1000", client));
    SocketProbe::Options options;
    EXPECT_FALSE(ask(about(client), options).totals);
    options.tcp = TcpDetails::wanted;
    const SocketQuery whole = ask(about(client), options);
    ASSERT_TRUE(whole.totals);
    EXPECT_EQ(whole.totals->bytes_sent, 1000U);
    SocketQuery query = about(client);
    query.about = About::totals;
    const SocketQuery totals = ask(query, options);
    EXPECT_EQ(totals.state, SocketState::established);
    ASSERT_TRUE(totals.totals);
    EXPECT_EQ(totals.totals->bytes_sent, 1000U);
}

TEST_F(ProbeOfAProcess, ANumberThatIsClosedByNowIsPostponed) {
    const int fd = maker_.fd("udp");
    const SocketQuery query = about(fd);
    maker_.ask(fmt::format("close {}", fd));
    const SocketQuery found = ask(query);
    EXPECT_EQ(found.stage, Stage::done);
    EXPECT_EQ(found.told, Told::nothing);
    EXPECT_EQ(found.copy, Copy::postponed);
    EXPECT_EQ(tables_read_, 0U);
}

TEST_F(ProbeOfAProcess, WhoeverIsStalledIsNotAskedItself) {
    const SteadyTime now(seconds(1000));
    target_.access.stall.note(now);
    SocketProbe probe(asker_, {});
    EXPECT_FALSE(probe.may_copy(target_.process, target_.access, now));
    const auto found = answer(probe, root_, about(maker_.numbers("tcp-listen").at(0)), now);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->copy, Copy::stalled);
    EXPECT_EQ(found->told, Told::table);
    EXPECT_TRUE(probe.may_copy(target_.process, target_.access, now + seconds(1)));
}

TEST_F(ProbeOfAProcess, WhatNeedsNoTableLeavesTheBatchBeforeOneIsRead) {
    SocketProbe probe(asker_, {});
    const int hidden = maker_.fd("udp");
    maker_.ask(fmt::format("connect {} 127.0.0.7 0", hidden));
    const SteadyTime now(seconds(1000));
    std::uint64_t ticket = 0;
    for (const int fd : {maker_.fd("udp"), hidden, maker_.fd("tcp-socket")}) {
        SocketQuery query = about(fd);
        query.ticket = ticket++;
        EXPECT_TRUE(probe.add(std::move(query), now));
    }
    std::vector<Stage> stages;
    for (const SocketQuery& query : probe.ask(root_, now)) stages.push_back(query.stage);
    EXPECT_THAT(stages, ElementsAre(Stage::done, Stage::table, Stage::done));
    const auto rest = probe.look_up(root_);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].ticket, 1U);
    probe.clear();
    EXPECT_TRUE(probe.ask(root_, now).empty());
}

/// In a fake tree, only the tables can be asked.
class ProbeOfAFakeTree : public ::testing::Test {
  protected:
    ProbeOfAFakeTree() {
        for (const int pid : {42, 43}) {
            proc_.add_process(pid, "client");
            proc_.net_table(pid, "tcp", table(1001));
        }
        root_.emplace(opened(ProcRoot::open(proc_.path())));
    }
    static std::string table(int inode) {
        return fmt::format(
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
            "timeout inode\n"
            "   0: 0100007F:1F90 0200007F:0050 01 00000000:00000000 00:00000000 00000000  1000"
            "        0 {} 1 0 100 0 0 10 0\n",
            inode);
    }
    Target& target(int pid) { return targets_.emplace_back(*root_, pid); }

    test::FakeProc proc_;
    std::optional<ProcRoot> root_;
    std::deque<Target> targets_;
    BlockingAsker asker_;
};

TEST_F(ProbeOfAFakeTree, OneReadingServesAllOfANetworkNamespace) {
    SocketProbe probe(asker_, {});
    const SteadyTime now(seconds(1000));
    for (const int pid : {42, 43}) {
        proc_.open(pid, 3, "socket:[1001]");
        EXPECT_TRUE(probe.add(about(target(pid), 3, 1001), now));
    }
    for (const SocketQuery& query : probe.ask(*root_, now)) EXPECT_EQ(query.stage, Stage::table);
    std::vector<std::uint16_t> ports;
    for (const SocketQuery& query : probe.look_up(*root_)) {
        EXPECT_EQ(query.type, FdType::tcp);
        if (query.info && query.info->remote) ports.push_back(query.info->remote->port);
    }
    EXPECT_THAT(ports, ElementsAre(80, 80));
    EXPECT_EQ(probe.tables().tables_read(), 1U);
    EXPECT_EQ(probe.rows_last_read(), 1U);
}

TEST_F(ProbeOfAFakeTree, ASingleBatchMakesSureOfWhatItDoesNotFind) {
    proc_.open(42, 3, "socket:[1002]");
    Target& client = target(42);
    std::vector<std::uint64_t> read;
    for (const auto reading : {SocketProbe::Reading::once, SocketProbe::Reading::until_sure}) {
        SocketProbe probe(asker_, {reading});
        const auto found = answer(probe, *root_, about(client, 3, 1002));
        ASSERT_TRUE(found);
        EXPECT_EQ(found->told, Told::table);
        EXPECT_EQ(found->type, FdType::socket);
        read.push_back(probe.tables().tables_read());
    }
    EXPECT_EQ(read.at(1), 3 * read.at(0));
}

TEST_F(ProbeOfAFakeTree, WhatNoTableListsCannotBeAsked) {
    proc_.open(42, 3, "socket:[1002]");
    SocketQuery query = about(target(42), 3, 1002);
    query.type = FdType::vsock;
    SocketProbe probe(asker_, {});
    EXPECT_FALSE(answer(probe, *root_, query));
}

TEST_F(ProbeOfAFakeTree, IsDescribedAsAnotherDescriptorOfIt) {
    const auto described = std::make_shared<const SocketInfo>([] {
        SocketInfo info;
        info.state = SocketState::listen;
        return info;
    }());
    const auto unconnected = std::make_shared<const SocketInfo>();
    Target& child = target(43);
    struct Case {
        Stage stage;
        SharedSocket other;
        Told told;
        bool outdated;
    };
    const Case cases[] = {
        {Stage::done, {FdType::tcp, described, true}, Told::another, false},
        {Stage::table, {FdType::tcp, described, true}, Told::another, false},
        {Stage::table, {FdType::tcp, described, false}, Told::another, false},
        {Stage::table, {FdType::udp, unconnected, true}, Told::another, false},
        // A table may know by now whether the socket has a peer.
        {Stage::table, {FdType::udp, unconnected, false}, Told::nothing, true},
        {Stage::done, {FdType::udp, unconnected, false}, Told::another, true},
    };
    for (const Case& one : cases) {
        SocketQuery query = about(child, 3, 1001);
        query.stage = one.stage;
        describe_as(query, one.other);
        EXPECT_EQ(query.type, one.other.type);
        EXPECT_EQ(query.told, one.told);
        EXPECT_EQ(query.stage, one.told == Told::nothing ? Stage::table : Stage::done);
        ASSERT_TRUE(query.info);
        EXPECT_EQ(query.info->outdated, one.outdated);
    }
}

TEST_F(ProbeOfAFakeTree, AProcessIsNoPeerOfItself) {
    SocketInfo pair;
    pair.state = SocketState::established;
    pair.peer = PeerProcess{43, "client"};
    SocketQuery query = about(target(43), 3, 1001);
    describe_as(query, {FdType::unix_socket, std::make_shared<const SocketInfo>(pair), true});
    EXPECT_FALSE(query.info->peer);
}

TEST(FinalTotals, OfAConnectionWhoseEndNobodyToldAreTheLastKnown) {
    BlockingAsker asker;
    SocketProbe probe(asker, {});
    EXPECT_EQ(probe.final_totals(0, nullptr, std::nullopt), std::nullopt);
    TcpTotals totals;
    EXPECT_EQ(probe.final_totals(0, nullptr, totals), std::nullopt)
        << "those of a new connection are no figures";
    totals.bytes_sent = 7;
    EXPECT_EQ(probe.final_totals(0, nullptr, totals), totals);
}

}  // namespace
}  // namespace logfia
