#include "support/addresses.hpp"
#include "support/event_parts.hpp"
#include "support/fake_lookup.hpp"
#include <logfia/output/outbox.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace logfia::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kWait = milliseconds(250);

/// `NAME` or `NAME HOST`, and a newline.
class NameWriter final : public RecordWriter {
  public:
    void append(std::string& out, const Event& event, std::string_view host) override {
        const Loss* loss = event.loss();
        out += loss != nullptr ? loss->reason : fd_of(event).descriptor.name;
        if (!host.empty()) (out += ' ') += host;
        out += '\n';
    }
};

Event file(const std::string& name) {
    Event event;
    event.kind = EventKind::open;
    event.change.emplace<DescriptorChange>();
    fd_of(event).descriptor.name = name;
    return event;
}

Event socket(const std::string& name, const IpAddress& peer, EventKind kind = EventKind::open) {
    Event event = file(name);
    event.kind = kind;
    auto info = std::make_shared<SocketInfo>();
    info->remote = Endpoint{peer, 443};
    fd_of(event).descriptor.socket = std::move(info);
    return event;
}

struct OutboxWorld : ResolverWorld {
    explicit OutboxWorld(Duration wait = kWait) : box(&resolver, wait) {}

    void push(Event event) { box.push(std::move(event), now); }
    /// What is written now.
    std::string drain() {
        std::string out;
        const auto records = box.drain(now, writer, out);
        EXPECT_EQ(records, static_cast<std::size_t>(std::count(out.begin(), out.end(), '\n')));
        return out;
    }
    std::string drain_all() {
        std::string out;
        box.drain_all(writer, out);
        return out;
    }

    NameWriter writer;
    Outbox box;
};

const IpAddress kPeer = ip("192.0.2.1");
const IpAddress kOther = ip("2001:db8::7");

TEST(Outbox, WritesAtOnceWhatNeedsNoName) {
    OutboxWorld world;
    world.push(file("/etc/hosts"));
    Event listening = file("listening");
    fd_of(listening).descriptor.socket = std::make_shared<SocketInfo>();
    world.push(listening);
    world.push(logfia::lost({}, "lost"));
    EXPECT_EQ(world.box.size(), 3U);
    EXPECT_EQ(world.drain(), "/etc/hosts\nlistening\nlost\n");
    EXPECT_TRUE(world.box.empty());
    EXPECT_EQ(world.box.deadline(), std::nullopt);
    EXPECT_TRUE(world.dns.started().empty());
}

TEST(Outbox, WaitsForAName) {
    OutboxWorld world;
    world.push(socket("s", kPeer));
    EXPECT_EQ(world.drain(), "");
    EXPECT_EQ(world.box.deadline(), world.now + kWait);
    world.says(kPeer, "host.example");
    EXPECT_LE(world.box.deadline(), world.now) << "there is something to do now";
    EXPECT_EQ(world.drain(), "s host.example.\n");
    EXPECT_EQ(world.drain(), "");
}

TEST(Outbox, AsksForEveryKindOfRecordWithAPeer) {
    OutboxWorld world;
    std::uint32_t number = 0;
    for (const auto kind : {EventKind::open, EventKind::close, EventKind::connect,
                            EventKind::rename, EventKind::listen})
        world.push(socket("s", numbered(++number), kind));
    EXPECT_EQ(world.dns.started().size(), 5U);
}

TEST(Outbox, WritesWithoutANameWhenThereIsNone) {
    OutboxWorld world;
    world.push(socket("s", kPeer));
    world.says_no_name(kPeer);
    EXPECT_EQ(world.drain(), "s\n");
}

TEST(Outbox, KeepsTheOrder) {
    OutboxWorld world;
    world.push(file("first"));
    world.push(socket("a", kPeer));
    world.push(file("between"));
    world.push(socket("b", kOther));
    world.push(file("last"));
    EXPECT_EQ(world.drain(), "first\n");
    world.says(kOther, "other.example");
    EXPECT_EQ(world.drain(), "") << "what is ready waits for what stands before it";
    world.says(kPeer, "peer.example");
    EXPECT_EQ(world.drain(), "a peer.example.\nbetween\nb other.example.\nlast\n");
}

TEST(Outbox, WaitsNoLongerThanItMay) {
    OutboxWorld world;
    world.push(socket("s", kPeer));
    world.push(file("behind"));
    world.now += kWait - Duration(1);
    EXPECT_EQ(world.drain(), "");
    world.now += Duration(1);
    EXPECT_EQ(world.drain(), "s\nbehind\n");
}

TEST(Outbox, UsesANameThatComesInTheLastMoment) {
    OutboxWorld world;
    world.push(socket("s", kPeer));
    world.now += kWait;
    world.says(kPeer, "host.example");
    EXPECT_EQ(world.drain(), "s host.example.\n");
}

TEST(Outbox, WaitsOnceForAHundredDeadPeers) {
    OutboxWorld world;
    for (std::uint32_t i = 1; i <= 100; ++i) world.push(socket("s", numbered(i)));
    world.says(numbered(50), "alive.example");  // the server lives: it is the peers' zones
    world.now += kWait;
    const auto out = world.drain();
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 100);
    EXPECT_NE(out.find("\ns alive.example.\n"), out.npos);
}

TEST(Outbox, GivesEachRecordItsOwnWaitWhileServersAnswer) {
    OutboxWorld world;
    world.push(socket("a", kPeer));
    world.now += milliseconds(100);
    world.push(socket("b", kOther));
    world.push(socket("c", numbered(1)));
    world.says_no_name(numbered(1));
    world.now += milliseconds(150);
    EXPECT_EQ(world.drain(), "a\n");
    EXPECT_EQ(world.box.deadline(), world.now + milliseconds(100));
    world.now += milliseconds(100);
    EXPECT_EQ(world.drain(), "b\nc\n");
}

TEST(Outbox, PaysForADeadServerOnce) {
    OutboxWorld world;
    world.push(socket("a", kPeer));
    world.now += milliseconds(200);
    world.push(socket("b", kOther));
    world.now += milliseconds(50);
    EXPECT_EQ(world.drain(), "a\nb\n") << "b need not wait in vain too";
    for (std::uint32_t i = 1; i < 100; ++i) {
        world.push(socket("c", numbered(i)));
        EXPECT_EQ(world.drain(), "c\n") << i;
    }
}

TEST(Outbox, TakesSilenceForNoAnswer) {
    OutboxWorld world;
    world.push(socket("a", kPeer));
    world.push(socket("b", kOther));
    world.stays_silent(kPeer);
    EXPECT_EQ(world.drain(), "a\n");
    world.now += kWait;
    EXPECT_EQ(world.drain(), "b\n");
    world.push(socket("c", numbered(1)));
    EXPECT_EQ(world.drain(), "c\n");
}

TEST(Outbox, WaitsAgainOnceASlowServerAnswers) {
    OutboxWorld world;
    world.push(socket("a", kPeer));
    world.now += kWait;
    EXPECT_EQ(world.drain(), "a\n");
    world.push(socket("b", kOther));
    EXPECT_EQ(world.drain(), "b\n");
    world.now += milliseconds(50);
    world.says(kPeer, "slow.example");  // 300 ms after it was asked
    world.push(socket("again", kPeer));
    EXPECT_EQ(world.drain(), "again slow.example.\n");
    world.push(socket("c", numbered(1)));
    EXPECT_EQ(world.drain(), "") << "patience is back";
    EXPECT_EQ(world.box.deadline(), world.now + kWait);
    world.says_no_name(kOther);
    world.now += kWait;
    EXPECT_EQ(world.drain(), "c\n");
    world.push(socket("d", numbered(2)));
    EXPECT_EQ(world.drain(), "") << "somebody answered while c waited";
}

TEST(Outbox, LearnsNothingOfTheServersFromTheHostsFile) {
    OutboxWorld world;
    world.dns.hosts_file(kOther, "localhost");
    world.push(socket("a", kPeer));
    world.now += kWait;
    EXPECT_EQ(world.drain(), "a\n");
    world.push(socket("b", kOther));
    world.push(socket("c", numbered(1)));
    EXPECT_EQ(world.drain(), "b localhost.\nc\n");
}

TEST(Outbox, NeverWaitsWithAWaitOfZeroButUsesWhatIsKnown) {
    OutboxWorld world(Duration::zero());
    world.push(socket("a", kPeer));
    EXPECT_EQ(world.drain(), "a\n");
    world.says(kPeer, "host.example");
    world.push(socket("b", kPeer));
    world.push(socket("c", kOther));
    EXPECT_EQ(world.drain(), "b host.example.\nc\n");
}

TEST(Outbox, LooksNothingUpWithoutAResolver) {
    Outbox box(nullptr, kWait);
    NameWriter writer;
    std::string out;
    box.push(socket("s", kPeer), SteadyTime{});
    EXPECT_EQ(box.drain(SteadyTime{}, writer, out), 1U);
    EXPECT_EQ(out, "s\n");
}

TEST(Outbox, TakesAWaitOfAnyLength) {
    OutboxWorld world(Duration::max());
    world.push(socket("s", kPeer));
    world.now += seconds(3600);
    EXPECT_EQ(world.drain(), "");
    EXPECT_GT(world.box.deadline(), world.now);
}

TEST(Outbox, WritesAllThatIsLeft) {
    OutboxWorld world;
    world.push(socket("a", kPeer));
    world.push(file("b"));
    world.push(socket("c", kOther));
    world.says(kOther, "other.example");
    EXPECT_EQ(world.drain(), "");
    EXPECT_EQ(world.drain_all(), "a\nb\nc other.example.\n");
    EXPECT_TRUE(world.box.empty());
    EXPECT_EQ(world.drain_all(), "");
}

TEST(Outbox, KeepsTheOrderOfTenThousand) {
    OutboxWorld world;
    std::string expected;
    for (std::uint32_t i = 1; i <= 10'000; ++i) {
        world.push(socket(std::to_string(i), numbered(i)));
        expected += std::to_string(i) + " host.example.\n";
    }
    std::string written;
    for (std::uint32_t i = 1; i <= 10'000; ++i) {
        world.says(numbered(i), "host.example");
        written += world.drain();
        ASSERT_EQ(world.box.size(), 10'000 - i);
    }
    EXPECT_EQ(written, expected);
}

}  // namespace
}  // namespace logfia::test
