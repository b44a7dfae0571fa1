// Host names appear, keep the order of records, and no silent server holds up a watch. Only the
// scripted server on the loopback is asked.

#include "support/addresses.hpp"
#include "support/dns_server.hpp"
#include "support/made_file.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace logfia::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::vector<std::string> asking(const DnsServer& server, const FdMaker& maker,
                                std::vector<std::string> more) {
    more.insert(more.end(), {"--dns-server", server.text(), "-d", "5", maker.pid_text()});
    return more;
}

TEST(HostNames, AppearInTextAndJson) {
    DnsServer server;
    server.name(ip("127.1.0.1"), "host-1.example");
    server.name(ip("::1"), "loop.example");
    FdMaker maker;
    const int four = maker.fd("udp-connect 127.1.0.1 53");
    const int six = maker.fd("udp-connect ::1 53");
    const int mapped = maker.fd("udp-connect ::ffff:127.1.0.1 53");
    const Outcome text = outcome_of(asking(server, maker, {"-1", "--dns-wait", "10s"}));
    ASSERT_EQ(text.lines.size(), 6U) << text.errors;
    EXPECT_THAT(text.lines.at(3), EndsWith(" udp 127.1.0.1:53 host-1.example."));
    EXPECT_THAT(text.lines.at(4), EndsWith(" udp6 [::1]:53 loop.example."));
    EXPECT_THAT(text.lines.at(5), EndsWith(" udp6 127.1.0.1:53 host-1.example."));

    LogfiaRun run(asking(server, maker, {"-j", "--dns-wait", "10s"}));
    RecordStream records(run);
    EXPECT_EQ(records.next("open", four)["remote_host"], "host-1.example.");
    EXPECT_EQ(records.next("open", six)["remote_host"], "loop.example.");
    EXPECT_EQ(records.next("open", mapped)["remote_host"], "host-1.example.");
    maker.ask("close " + std::to_string(four));
    EXPECT_EQ(records.next("close", four)["remote_host"], "host-1.example.");
    EXPECT_EQ(server.queries(ip("127.1.0.1")), 2U) << "each run asks once";
}

TEST(HostNames, ASlowAnswerKeepsTheOrder) {
    DnsServer server;
    server.reply(ip("127.1.0.1"),
                 {DnsReply::Kind::name, "slow.example", std::chrono::milliseconds(100)});
    server.name(ip("127.1.0.2"), "quick.example");
    FdMaker maker;
    maker.ask("udp-peers 2");
    maker.ask("open " + made_file("passwd"));
    const Outcome outcome = outcome_of(asking(server, maker, {"-1", "--dns-wait", "15s"}));
    ASSERT_EQ(outcome.lines.size(), 6U) << outcome.errors;
    EXPECT_THAT(outcome.lines.at(3), EndsWith(" udp 127.1.0.1:9 slow.example."));
    EXPECT_THAT(outcome.lines.at(4), EndsWith(" udp 127.1.0.2:9 quick.example."));
    EXPECT_THAT(outcome.lines.at(5), EndsWith(" open " + made_file("passwd")));
}

TEST(HostNames, WithoutThemAPeerHasADash) {
    DnsServer server;
    const std::vector<std::pair<std::string, DnsReply>> replies{
        {"127.1.0.1", {DnsReply::Kind::no_such_name, "", {}}},
        {"127.1.0.2", {DnsReply::Kind::name, "evil\x1b[31m.example", {}}},
        {"127.1.0.3", {DnsReply::Kind::name, "two words.example", {}}},
        {"127.1.0.4", {DnsReply::Kind::name, "new\nline.example", {}}},
        {"127.1.0.5", {DnsReply::Kind::server_failure, "", {}}},
    };
    for (const auto& [address, reply] : replies) server.reply(ip(address), reply);
    FdMaker maker;
    maker.ask("udp-peers " + std::to_string(replies.size()));
    const Outcome text = outcome_of(asking(server, maker, {"-1"}));
    const Outcome json = outcome_of(asking(server, maker, {"-1", "-j"}));
    ASSERT_EQ(text.lines.size(), 3 + replies.size());
    for (std::size_t i = 0; i < replies.size(); ++i) {
        EXPECT_THAT(text.lines.at(3 + i), EndsWith(' ' + replies[i].first + ":9 -"));
        EXPECT_FALSE(JsonRecord(json.lines.at(3 + i)).has("remote_host"));
    }
}

/// If each record waited for the server, they would take twice as long as the test is patient.
TEST(HostNames, ASilentServerCostsOneWait) {
    constexpr int kPeers = 40;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    DnsServer server;
    server.otherwise([](const IpAddress&) { return DnsReply{DnsReply::Kind::silence, "", {}}; });
    FdMaker maker;
    LogfiaRun run(asking(server, maker, {"--dns-wait", "1s"}));
    ASSERT_TRUE(run.wait_for_count(3));
    for (int i = 1; i <= kPeers; ++i) {
        const std::string address = "127.1.0." + std::to_string(i);
        maker.ask("udp-connect " + address + " 9");
        ASSERT_TRUE(run.wait_for_line(address + ":9 -")) << i;
    }
    EXPECT_LT(std::chrono::steady_clock::now(), deadline);
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_GT(server.queries(), 0U);
}

/// Everything in one look: a hundred waits would take 100 s.
TEST(HostNames, AHundredSilentPeersCostOneWait) {
    DnsServer server;
    server.otherwise([](const IpAddress&) { return DnsReply{DnsReply::Kind::silence, "", {}}; });
    FdMaker maker;
    maker.ask("udp-peers 100");
    maker.ask("open " + made_file("passwd"));
    LogfiaRun run(asking(server, maker, {"--dns-wait", "1s"}));
    ASSERT_TRUE(run.wait_for_line(made_file("passwd")));
    EXPECT_EQ(plain(run.lines()).size(), 104U);
    EXPECT_EQ(run.interrupt(), 0);
}

/// If the looks waited for the name too, they would never see the file that is open meanwhile.
TEST(HostNames, AWaitingRecordDoesNotHoldUpTheLooks) {
    DnsServer server;
    server.reply(ip("127.1.0.1"),
                 {DnsReply::Kind::name, "slow.example", std::chrono::milliseconds(500)});
    FdMaker maker;
    LogfiaRun run(asking(server, maker, {"-j", "--dns-wait", "15s"}));
    RecordStream records(run);
    records.next("open", 2);
    const int peer = maker.fd("udp-connect 127.1.0.1 9");
    ASSERT_TRUE(eventually([&] { return server.queries() > 0; }));
    const int file = maker.fd("open " + made_file("passwd"));
    ASSERT_TRUE(wait_for_looks(run));
    maker.ask("close " + std::to_string(file));
    EXPECT_EQ(records.next("open", peer)["remote_host"], "slow.example.");
    records.next("open", file);
    records.next("close", file);
}

TEST(HostNames, NumericAsksNobody) {
    DnsServer server;
    server.otherwise([](const IpAddress&) {
        return DnsReply{DnsReply::Kind::name, "x.example", {}};
    });
    FdMaker maker;
    maker.ask("udp-peers 5");
    const Outcome outcome = outcome_of(asking(server, maker, {"-n", "-1"}));
    ASSERT_EQ(outcome.lines.size(), 8U);
    EXPECT_THAT(outcome.lines.at(7), EndsWith(" udp 127.1.0.5:9 -"));
    EXPECT_EQ(server.queries(), 0U);
}

std::string with_dashes(std::string address) {
    std::replace(address.begin(), address.end(), '.', '-');
    return address;
}

TEST(HostNames, ManyPeersAllGetTheirs) {
    DnsServer server;
    server.otherwise([](const IpAddress& address) {
        std::string name;
        append_address(name, address);
        return DnsReply{DnsReply::Kind::name, "at-" + with_dashes(name) + ".example", {}};
    });
    FdMaker maker;
    maker.ask("udp-peers 500");
    const Outcome outcome = outcome_of(asking(server, maker, {"-1", "--dns-wait", "15s"}));
    ASSERT_EQ(outcome.lines.size(), 503U);
    for (std::size_t i = 3; i < outcome.lines.size(); ++i) {
        const auto words = fields(outcome.lines[i]);
        const std::string address = words.at(4).substr(0, words.at(4).find(':'));
        const std::string name = "at-" + with_dashes(address) + ".example.";
        EXPECT_EQ(words.at(5), name);
    }
}

}  // namespace
}  // namespace logfia::test
