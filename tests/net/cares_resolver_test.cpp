#include "support/addresses.hpp"
#include "support/dns_server.hpp"
#include "support/fake_lookup.hpp"
#include <logfia/net/cares_resolver.hpp>
#include <logfia/net/resolver.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

// Every look-up here is given the server of the test: no query leaves the machine.

namespace logfia::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = DnsReply::Kind;

const IpAddress kPeer = ip("192.0.2.1");
const IpAddress kOther = ip("2001:db8::7");
constexpr seconds kPatience(30);

std::unique_ptr<ReverseLookup> ask(const Endpoint& server, milliseconds query_timeout, int tries) {
    auto lookup = make_cares_lookup({{server}, query_timeout, tries});
    if (!lookup) throw std::runtime_error(describe(lookup.error()));
    return std::move(*lookup);
}

/// Passes everything on, and notes how many queries were under way at most.
class Watched final : public ReverseLookup {
  public:
    Watched(std::unique_ptr<ReverseLookup> lookup, std::size_t& most)
        : lookup_(std::move(lookup)), most_(most) {}

    void start(const IpAddress& address) override {
        most_ = std::max(most_, ++under_way_);
        lookup_->start(address);
    }
    void fetch_results(std::vector<LookupResult>& results) override {
        const auto before = results.size();
        lookup_->fetch_results(results);
        under_way_ -= results.size() - before;
    }
    void add_pollfds(std::vector<pollfd>& pollfds) const override { lookup_->add_pollfds(pollfds); }
    [[nodiscard]] std::optional<Duration> timeout() const override { return lookup_->timeout(); }
    void process(std::span<const pollfd> ready) override { lookup_->process(ready); }

  private:
    std::unique_ptr<ReverseLookup> lookup_;
    std::size_t& most_;
    std::size_t under_way_ = 0;
};

/// A Resolver with the real c-ares behind it, and the loop that `app` has.
class Asker {
  public:
    explicit Asker(const Endpoint& server, milliseconds query_timeout = seconds(10), int tries = 2)
        : resolver_(std::make_unique<Watched>(ask(server, query_timeout, tries), most_)) {}

    HostAnswerRef lookup(const IpAddress& address) {
        return resolver_.lookup(address, read_clocks().steady);
    }

    /// Runs until all is answered.
    void run() {
        const auto give_up = read_clocks().steady + kPatience;
        while (resolver_.in_flight() + resolver_.queued() != 0) {
            ASSERT_LT(read_clocks().steady, give_up);
            std::vector<pollfd> fds;
            resolver_.add_pollfds(fds);
            ASSERT_TRUE(resolver_.timeout().has_value());
            const auto sleep = std::chrono::ceil<milliseconds>(*resolver_.timeout());
            ASSERT_GE(sleep.count(), 1) << "the loop would spin";
            ::poll(fds.data(), fds.size(), static_cast<int>(sleep.count()));
            resolver_.process(fds, read_clocks().steady);
        }
    }

    std::string name_of(const IpAddress& address) {
        const auto answer = lookup(address);
        run();
        return text(answer);
    }

    Resolver& resolver() { return resolver_; }
    [[nodiscard]] std::size_t most_in_flight() const { return most_; }

  private:
    std::size_t most_ = 0;
    Resolver resolver_;
};

/// A port that refuses: it belongs to a socket that hears only another peer, so that no other
/// program can get it meanwhile.
class NobodyListens {
  public:
    NobodyListens() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = loopback(0);
        EXPECT_EQ(bind(socket_.get(), generic(address), sizeof address), 0);
        address = loopback(1);
        EXPECT_EQ(connect(socket_.get(), generic(address), sizeof address), 0);
    }
    [[nodiscard]] Endpoint endpoint() const {
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        getsockname(socket_.get(), generic(bound), &size);
        return {ip("127.0.0.1"), ntohs(bound.sin_port)};
    }

  private:
    static sockaddr* generic(sockaddr_in& address) {
        return static_cast<sockaddr*>(static_cast<void*>(&address));
    }
    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        return address;
    }

    UniqueFd socket_;
};

TEST(CaresLookup, FindsNames) {
    DnsServer server;
    server.name(kPeer, "host.example");
    server.name(kOther, "six.example");
    Asker asker(server.endpoint());
    EXPECT_EQ(asker.name_of(kPeer), "host.example.");
    EXPECT_EQ(asker.name_of(kOther), "six.example.");
    EXPECT_EQ(asker.name_of(ip("::ffff:192.0.2.1")), "host.example.");
    EXPECT_EQ(server.queries(), 2U);
}

TEST(CaresLookup, HasNothingToWaitForWhenAllIsAnswered) {
    DnsServer server;
    Asker asker(server.endpoint());
    EXPECT_EQ(asker.resolver().timeout(), std::nullopt);
    asker.name_of(kPeer);
    EXPECT_EQ(asker.resolver().timeout(), std::nullopt);
}

TEST(CaresLookup, AsksOnceForWhatHasNoName) {
    DnsServer server;
    Asker asker(server.endpoint());
    EXPECT_EQ(asker.name_of(kPeer), "absent");
    EXPECT_EQ(asker.name_of(kPeer), "absent");
    EXPECT_EQ(server.queries(kPeer), 1U);
    EXPECT_EQ(asker.resolver().answers(), 1U);
}

TEST(CaresLookup, AsksNoHostsFileWhenServersAreGiven) {
    DnsServer server;
    Asker asker(server.endpoint());
    EXPECT_EQ(asker.name_of(ip("127.0.0.1")), "absent");
    EXPECT_EQ(server.queries(), 1U);
}

TEST(CaresLookup, TakesASlowAnswer) {
    DnsServer server;
    server.reply(kPeer, {Kind::name, "slow.example", milliseconds(300)});
    Asker asker(server.endpoint());
    EXPECT_EQ(asker.name_of(kPeer), "slow.example.");
}

TEST(CaresLookup, HasNoNameForHostileOnes) {
    DnsServer server;
    Asker asker(server.endpoint());
    const std::string hostile[] = {
        "evil\033[31m.example",
        "two words.example",
        "line\n2017-05-07 open /x",
        std::string("nul\0.example", 12),
        "bell\a.example",
        "\x9b"
        "31m.example",
        "right\u202eleft.example",
        "slash/../../etc.example",
        "back\\slash.example",
    };
    std::uint32_t number = 0;
    for (const auto& name : hostile) {
        server.name(numbered(++number), name);
        EXPECT_EQ(asker.name_of(numbered(number)), "absent") << number;
    }
    EXPECT_EQ(asker.resolver().answers(), number) << "a stranger cannot make the servers look dead";
    server.name(kPeer, "harmless.example");
    EXPECT_EQ(asker.name_of(kPeer), "harmless.example.");
}

TEST(CaresLookup, SurvivesBrokenReplies) {
    DnsServer server;
    Asker asker(server.endpoint(), milliseconds(500), 2);
    const Kind broken[] = {Kind::server_failure, Kind::garbage, Kind::cut_short, Kind::truncated,
                           Kind::wrong_id};
    std::vector<HostAnswerRef> answers;
    for (const auto kind : broken) {
        const IpAddress address = numbered(static_cast<std::uint32_t>(kind) + 1);
        server.reply(address, kind);
        answers.push_back(asker.lookup(address));
    }
    asker.run();
    for (const auto& answer : answers) EXPECT_EQ(text(answer), "absent");
    server.name(kPeer, "well.example");
    EXPECT_EQ(asker.name_of(kPeer), "well.example.");
}

TEST(CaresLookup, TellsSilenceFromAnAnswer) {
    DnsServer server;
    server.reply(kPeer, Kind::silence);
    Asker asker(server.endpoint(), milliseconds(20), 2);
    EXPECT_EQ(asker.name_of(kPeer), "absent");
    EXPECT_EQ(asker.resolver().answers(), 0U);
}

TEST(CaresLookup, RestsWhenTheServerIsDead) {
    DnsServer server;
    server.otherwise([](const IpAddress&) { return DnsReply{Kind::silence, {}}; });
    Asker asker(server.endpoint(), milliseconds(20), 1);
    for (std::uint32_t i = 0; i < 200; ++i) asker.lookup(numbered(i));
    asker.run();
    EXPECT_LE(server.queries(), 64U + 4U) << "the fifth silence begins the rest";
    EXPECT_EQ(text(asker.lookup(kPeer)), "absent");
    EXPECT_EQ(server.queries(kPeer), 0U);
}

TEST(CaresLookup, TakesARefusalForNoAnswer) {
    const NobodyListens nobody;
    Asker asker(nobody.endpoint());
    for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(asker.name_of(numbered(i)), "absent");
    EXPECT_EQ(asker.resolver().answers(), 0U);
    EXPECT_LE(asker.resolver().entries(), 5U) << "the rest begins after five";
}

TEST(CaresLookup, FindsTenThousandNamesWithFewInFlight) {
    DnsServer server;
    const auto name_for = [](const IpAddress& address) {
        std::string name = "h";
        append_address(name, address);
        std::replace(name.begin(), name.end(), '.', '-');
        return name + ".example";
    };
    server.otherwise([&](const IpAddress& address) {
        return DnsReply{Kind::name, name_for(address)};
    });
    Asker asker(server.endpoint());
    std::vector<HostAnswerRef> answers;
    for (std::uint32_t i = 1; i <= 10'000; ++i) answers.push_back(asker.lookup(numbered(i)));
    asker.run();
    for (std::uint32_t i = 1; i <= 10'000; ++i)
        ASSERT_EQ(text(answers[i - 1]), name_for(numbered(i)) + ".");
    EXPECT_EQ(asker.most_in_flight(), 64U);
}

TEST(CaresLookup, GoesWhileQueriesAreUnderWay) {
    DnsServer server;
    server.otherwise([](const IpAddress&) { return DnsReply{Kind::silence, {}}; });
    HostAnswerRef answer;
    {
        Asker asker(server.endpoint());
        for (std::uint32_t i = 1; i < 100; ++i) answer = asker.lookup(numbered(i));
    }
    EXPECT_EQ(text(answer), "pending");
}

TEST(CaresLookup, IgnoresDescriptorsOfOthers) {
    DnsServer server;
    server.name(kPeer, "host.example");
    Asker asker(server.endpoint());
    const auto answer = asker.lookup(kPeer);
    const pollfd others[] = {{0, POLLIN, POLLIN}, {-1, POLLIN, POLLERR}, {999, POLLOUT, POLLNVAL}};
    asker.resolver().process(others, read_clocks().steady);
    asker.run();
    EXPECT_EQ(text(answer), "host.example.");
}

TEST(CaresLookup, RefusesServersThatCannotBe) {
    const auto lookup = make_cares_lookup({{{kPeer, 0}}});
    ASSERT_FALSE(lookup);
    EXPECT_EQ(describe(lookup.error()).rfind("set up the DNS resolver: ", 0), 0U)
        << describe(lookup.error());
}

}  // namespace
}  // namespace logfia::test
