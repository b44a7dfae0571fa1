#include "support/addresses.hpp"
#include "support/event_parts.hpp"
#include "support/fake_lookup.hpp"
#include <logfia/output/name_queue.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace logfia::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kWait = milliseconds(250);

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

struct NameQueueWorld : ResolverWorld {
    explicit NameQueueWorld(Duration wait = kWait) : queue(&resolver, wait) {}

    void push(Event event) { queue.push(std::move(event), now); }
    /// Takes the events that are ready, a line each: `NAME` or `NAME HOST`.
    std::string take_ready() {
        std::string out;
        while (queue.ready(now)) take_one(out);
        return out;
    }
    std::string take_all() {
        std::string out;
        while (!queue.empty()) take_one(out);
        return out;
    }

    NameQueue queue;

  private:
    void take_one(std::string& out) {
        const Loss* loss = queue.front().loss();
        out += loss != nullptr ? loss->reason : fd_of(queue.front()).descriptor.name;
        if (!queue.front_host().empty()) (out += ' ') += queue.front_host();
        out += '\n';
        queue.pop();
    }
};

const IpAddress kPeer = ip("192.0.2.1");
const IpAddress kOther = ip("2001:db8::7");

TEST(NameQueueTest, WritesAtOnceWhatNeedsNoName) {
    NameQueueWorld world;
    world.push(file("/etc/hosts"));
    Event listening = file("listening");
    fd_of(listening).descriptor.socket = std::make_shared<SocketInfo>();
    world.push(listening);
    world.push(logfia::lost({}, "lost"));
    EXPECT_EQ(world.queue.size(), 3U);
    EXPECT_EQ(world.take_ready(), "/etc/hosts\nlistening\nlost\n");
    EXPECT_TRUE(world.queue.empty());
    EXPECT_EQ(world.queue.deadline(), std::nullopt);
    EXPECT_TRUE(world.dns.started().empty());
}

TEST(NameQueueTest, WaitsForAName) {
    NameQueueWorld world;
    world.push(socket("s", kPeer));
    EXPECT_EQ(world.take_ready(), "");
    EXPECT_EQ(world.queue.deadline(), world.now + kWait);
    world.says(kPeer, "host.example");
    EXPECT_LE(world.queue.deadline(), world.now) << "there is something to do now";
    EXPECT_EQ(world.take_ready(), "s host.example.\n");
    EXPECT_EQ(world.take_ready(), "");
}

TEST(NameQueueTest, AsksForEveryKindOfRecordWithAPeer) {
    NameQueueWorld world;
    std::uint32_t number = 0;
    for (const auto kind : {EventKind::open, EventKind::close, EventKind::connect,
                            EventKind::rename, EventKind::listen})
        world.push(socket("s", numbered(++number), kind));
    EXPECT_EQ(world.dns.started().size(), 5U);
}

TEST(NameQueueTest, WritesWithoutANameWhenThereIsNone) {
    NameQueueWorld world;
    world.push(socket("s", kPeer));
    world.says_no_name(kPeer);
    EXPECT_EQ(world.take_ready(), "s\n");
}

TEST(NameQueueTest, KeepsTheOrder) {
    NameQueueWorld world;
    world.push(file("first"));
    world.push(socket("a", kPeer));
    world.push(file("between"));
    world.push(socket("b", kOther));
    world.push(file("last"));
    EXPECT_EQ(world.take_ready(), "first\n");
    world.says(kOther, "other.example");
    EXPECT_EQ(world.take_ready(), "") << "what is ready waits for what stands before it";
    world.says(kPeer, "peer.example");
    EXPECT_EQ(world.take_ready(), "a peer.example.\nbetween\nb other.example.\nlast\n");
}

TEST(NameQueueTest, WaitsNoLongerThanItMay) {
    NameQueueWorld world;
    world.push(socket("s", kPeer));
    world.push(file("behind"));
    world.now += kWait - Duration(1);
    EXPECT_EQ(world.take_ready(), "");
    world.now += Duration(1);
    EXPECT_EQ(world.take_ready(), "s\nbehind\n");
}

TEST(NameQueueTest, UsesANameThatComesInTheLastMoment) {
    NameQueueWorld world;
    world.push(socket("s", kPeer));
    world.now += kWait;
    world.says(kPeer, "host.example");
    EXPECT_EQ(world.take_ready(), "s host.example.\n");
}

TEST(NameQueueTest, WaitsOnceForAHundredDeadPeers) {
    NameQueueWorld world;
    for (std::uint32_t i = 1; i <= 100; ++i) world.push(socket("s", numbered(i)));
    world.says(numbered(50), "alive.example");  // the server lives: only zones are silent
    world.now += kWait;
    const auto out = world.take_ready();
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 100);
    EXPECT_NE(out.find("\ns alive.example.\n"), out.npos);
}

TEST(NameQueueTest, GivesEachRecordItsOwnWaitWhileServersAnswer) {
    NameQueueWorld world;
    world.push(socket("a", kPeer));
    world.now += milliseconds(100);
    world.push(socket("b", kOther));
    world.push(socket("c", numbered(1)));
    world.says_no_name(numbered(1));
    world.now += milliseconds(150);
    EXPECT_EQ(world.take_ready(), "a\n");
    EXPECT_EQ(world.queue.deadline(), world.now + milliseconds(100));
    world.now += milliseconds(100);
    EXPECT_EQ(world.take_ready(), "b\nc\n");
}

TEST(NameQueueTest, PaysForADeadServerOnce) {
    NameQueueWorld world;
    world.push(socket("a", kPeer));
    world.now += milliseconds(200);
    world.push(socket("b", kOther));
    world.now += milliseconds(50);
    EXPECT_EQ(world.take_ready(), "a\nb\n") << "b need not wait in vain too";
    for (std::uint32_t i = 1; i < 100; ++i) {
        world.push(socket("c", numbered(i)));
        EXPECT_EQ(world.take_ready(), "c\n") << i;
    }
}

TEST(NameQueueTest, TakesSilenceForNoAnswer) {
    NameQueueWorld world;
    world.push(socket("a", kPeer));
    world.push(socket("b", kOther));
    world.stays_silent(kPeer);
    EXPECT_EQ(world.take_ready(), "a\n");
    world.now += kWait;
    EXPECT_EQ(world.take_ready(), "b\n");
    world.push(socket("c", numbered(1)));
    EXPECT_EQ(world.take_ready(), "c\n");
}

TEST(NameQueueTest, WaitsAgainOnceASlowServerAnswers) {
    NameQueueWorld world;
    world.push(socket("a", kPeer));
    world.now += kWait;
    EXPECT_EQ(world.take_ready(), "a\n");
    world.push(socket("b", kOther));
    EXPECT_EQ(world.take_ready(), "b\n");
    world.now += milliseconds(50);
    world.says(kPeer, "slow.example");  // 300 ms after it was asked
    world.push(socket("again", kPeer));
    EXPECT_EQ(world.take_ready(), "again slow.example.\n");
    world.push(socket("c", numbered(1)));
    EXPECT_EQ(world.take_ready(), "") << "patience is back";
    EXPECT_EQ(world.queue.deadline(), world.now + kWait);
    world.says_no_name(kOther);
    world.now += kWait;
    EXPECT_EQ(world.take_ready(), "c\n");
    world.push(socket("d", numbered(2)));
    EXPECT_EQ(world.take_ready(), "") << "somebody answered while c waited";
}

TEST(NameQueueTest, LearnsNothingOfTheServersFromTheHostsFile) {
    NameQueueWorld world;
    world.dns.hosts_file(kOther, "localhost");
    world.push(socket("a", kPeer));
    world.now += kWait;
    EXPECT_EQ(world.take_ready(), "a\n");
    world.push(socket("b", kOther));
    world.push(socket("c", numbered(1)));
    EXPECT_EQ(world.take_ready(), "b localhost.\nc\n");
}

TEST(NameQueueTest, NeverWaitsWithAWaitOfZeroButUsesWhatIsKnown) {
    NameQueueWorld world(Duration::zero());
    world.push(socket("a", kPeer));
    EXPECT_EQ(world.take_ready(), "a\n");
    world.says(kPeer, "host.example");
    world.push(socket("b", kPeer));
    world.push(socket("c", kOther));
    EXPECT_EQ(world.take_ready(), "b host.example.\nc\n");
}

TEST(NameQueueTest, LooksNothingUpWithoutAResolver) {
    NameQueue queue(nullptr, kWait);
    EXPECT_FALSE(queue.ready(SteadyTime{})) << "there is none";
    queue.push(socket("s", kPeer), SteadyTime{});
    ASSERT_TRUE(queue.ready(SteadyTime{}));
    EXPECT_EQ(fd_of(queue.front()).descriptor.name, "s");
    EXPECT_EQ(queue.front_host(), "");
    queue.pop();
    EXPECT_TRUE(queue.empty());
}

TEST(NameQueueTest, AsksForNoNameThatIsUnwanted) {
    NameQueueWorld world;
    world.queue.push(socket("s", kPeer), world.now, NameNeed::unwanted);
    EXPECT_TRUE(world.dns.started().empty());
    EXPECT_EQ(world.queue.front_name(), NameNeed::unwanted);
    EXPECT_EQ(world.take_ready(), "s\n");
}

TEST(NameQueueTest, WaitsForANameThatDecides) {
    NameQueueWorld world;
    world.queue.push(socket("s", kPeer), world.now, NameNeed::decides);
    EXPECT_FALSE(world.queue.ready(world.now));
    world.says(kPeer, "host.example");
    ASSERT_TRUE(world.queue.ready(world.now));
    EXPECT_EQ(world.queue.front_name(), NameNeed::decides);
    EXPECT_EQ(world.queue.front_host(), "host.example.");
}

TEST(NameQueueTest, TakesAWaitOfAnyLength) {
    NameQueueWorld world(Duration::max());
    world.push(socket("s", kPeer));
    world.now += seconds(3600);
    EXPECT_EQ(world.take_ready(), "");
    EXPECT_GT(world.queue.deadline(), world.now);
}

TEST(NameQueueTest, WritesAllThatIsLeft) {
    NameQueueWorld world;
    world.push(socket("a", kPeer));
    world.push(file("b"));
    world.push(socket("c", kOther));
    world.says(kOther, "other.example");
    EXPECT_EQ(world.take_ready(), "");
    EXPECT_EQ(world.take_all(), "a\nb\nc other.example.\n");
    EXPECT_TRUE(world.queue.empty());
    EXPECT_EQ(world.take_all(), "");
}

TEST(NameQueueTest, KeepsTheOrderOfTenThousand) {
    NameQueueWorld world;
    std::string expected;
    for (std::uint32_t i = 1; i <= 10'000; ++i) {
        world.push(socket(std::to_string(i), numbered(i)));
        expected += std::to_string(i) + " host.example.\n";
    }
    std::string written;
    for (std::uint32_t i = 1; i <= 10'000; ++i) {
        world.says(numbered(i), "host.example");
        written += world.take_ready();
        ASSERT_EQ(world.queue.size(), 10'000 - i);
    }
    EXPECT_EQ(written, expected);
}

}  // namespace
}  // namespace logfia::test
