#include "support/addresses.hpp"
#include "support/fake_lookup.hpp"
#include <logfia/net/resolver.hpp>

#include <gtest/gtest.h>

namespace logfia::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const IpAddress kPeer = ip("192.0.2.1");
const IpAddress kOther = ip("2001:db8::7");

TEST(Resolver, SaysPendingAndThenTheName) {
    ResolverWorld world;
    const auto answer = world.lookup(kPeer);
    EXPECT_EQ(text(answer), "pending");
    world.says(kPeer, "host.example");
    EXPECT_EQ(text(answer), "host.example.");
    EXPECT_EQ(text(world.lookup(kPeer)), "host.example.");
    EXPECT_EQ(world.dns.times_started(kPeer), 1U);
}

TEST(Resolver, GivesAllWhoWaitTheSameAnswer) {
    ResolverWorld world;
    const auto answer = world.lookup(kPeer);
    EXPECT_EQ(world.lookup(kPeer), answer);
    world.says(kPeer, "host.example");
    EXPECT_EQ(world.lookup(kPeer), answer);
    EXPECT_EQ(world.dns.times_started(kPeer), 1U);
}

TEST(Resolver, AsksForAMappedAddressAsIPv4) {
    ResolverWorld world;
    const auto answer = world.lookup(ip("::ffff:192.0.2.1"));
    EXPECT_EQ(world.dns.started(), std::vector{kPeer});
    EXPECT_EQ(world.lookup(kPeer), answer);
}

TEST(Resolver, NeverAsksForTheUnspecifiedAddress) {
    ResolverWorld world;
    for (const auto* address : {"0.0.0.0", "::", "::ffff:0.0.0.0"})
        EXPECT_EQ(text(world.lookup(ip(address))), "absent");
    EXPECT_TRUE(world.dns.started().empty());
}

TEST(Resolver, TakesWhatComesWhileAQueryIsStarted) {
    ResolverWorld world;
    world.dns.hosts_file(kPeer, "localhost");
    EXPECT_EQ(text(world.lookup(kPeer)), "localhost.");
    EXPECT_EQ(world.resolver.in_flight(), 0U);
    EXPECT_EQ(world.resolver.answers(), 0U) << "the hosts file says nothing about the servers";
}

TEST(Resolver, HasNoNameForAHostileOne) {
    ResolverWorld world;
    const auto answer = world.lookup(kPeer);
    world.says(kPeer, "evil\033[31m.example");
    EXPECT_EQ(text(answer), "absent");
    EXPECT_EQ(text(world.lookup(kPeer)), "absent");
    EXPECT_EQ(world.dns.times_started(kPeer), 1U) << "it is a lasting answer";
}

TEST(Resolver, RemembersANameForAnHour) {
    ResolverWorld world;
    const auto first = world.lookup(kPeer);
    world.says(kPeer, "host.example");
    world.now += hours(1) - Duration(1);
    EXPECT_EQ(world.lookup(kPeer), first);
    world.now += Duration(1);
    const auto second = world.lookup(kPeer);
    EXPECT_EQ(text(second), "pending");
    world.says(kPeer, "renamed.example");
    EXPECT_EQ(text(second), "renamed.example.");
    EXPECT_EQ(text(first), "host.example.") << "what was given out stays";
}

TEST(Resolver, RemembersThatThereIsNoNameForTenMinutes) {
    ResolverWorld world;
    const auto answer = world.lookup(kPeer);
    world.says_no_name(kPeer);
    EXPECT_EQ(text(answer), "absent");
    world.now += minutes(10) - Duration(1);
    EXPECT_EQ(text(world.lookup(kPeer)), "absent");
    EXPECT_EQ(world.dns.times_started(kPeer), 1U);
    world.now += Duration(1);
    EXPECT_EQ(text(world.lookup(kPeer)), "pending");
}

TEST(Resolver, RemembersASilenceForAMinute) {
    ResolverWorld world;
    const auto answer = world.lookup(kPeer);
    world.stays_silent(kPeer);
    EXPECT_EQ(text(answer), "absent");
    world.now += minutes(1) - Duration(1);
    EXPECT_EQ(text(world.lookup(kPeer)), "absent");
    EXPECT_EQ(world.dns.times_started(kPeer), 1U);
    world.now += Duration(1);
    EXPECT_EQ(text(world.lookup(kPeer)), "pending");
}

TEST(Resolver, CountsWhatServersAnswer) {
    ResolverWorld world;
    for (const auto& address : {kPeer, kOther, numbered(1)}) world.lookup(address);
    world.says(kPeer, "host.example");
    EXPECT_EQ(world.resolver.answers(), 1U);
    world.says_no_name(kOther);
    EXPECT_EQ(world.resolver.answers(), 2U);
    world.stays_silent(numbered(1));
    EXPECT_EQ(world.resolver.answers(), 2U);
}

TEST(Resolver, IgnoresWhatNobodyAsked) {
    ResolverWorld world;
    world.says(kPeer, "host.example");
    EXPECT_EQ(world.resolver.entries(), 0U);
    world.lookup(kPeer);
    world.says(kPeer, "host.example");
    world.says(kPeer, "again.example");
    EXPECT_EQ(text(world.lookup(kPeer)), "host.example.");
}

TEST(Resolver, HasAtMost64InFlightAndTheRestInOrder) {
    ResolverWorld world;
    for (std::uint32_t i = 0; i < 200; ++i) world.lookup(numbered(i));
    EXPECT_EQ(world.dns.started().size(), 64U);
    EXPECT_EQ(world.resolver.queued(), 136U);
    world.says(numbered(7), "seven.example");
    EXPECT_EQ(world.dns.started().size(), 65U);
    for (std::uint32_t i = 0; i < 200; ++i) {
        if (i != 7) world.says(numbered(i), "host.example");
        EXPECT_LE(world.resolver.in_flight(), 64U);
    }
    ASSERT_EQ(world.dns.started().size(), 200U);
    for (std::uint32_t i = 0; i < 200; ++i) EXPECT_EQ(world.dns.started()[i], numbered(i));
    EXPECT_EQ(world.resolver.in_flight() + world.resolver.queued(), 0U);
}

TEST(Resolver, EmptiesTheQueueWhenAllOfItComesAtOnce) {
    ResolverWorld world({.max_in_flight = 1});
    world.lookup(kPeer);
    std::vector<HostAnswerRef> answers;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        world.dns.hosts_file(numbered(i), "host.example");
        answers.push_back(world.lookup(numbered(i)));
    }
    EXPECT_EQ(text(answers.front()), "pending");
    world.says_no_name(kPeer);
    for (const auto& answer : answers) EXPECT_EQ(text(answer), "host.example.");
}

TEST(Resolver, BoundsTheQueue) {
    ResolverWorld world({.max_in_flight = 2, .max_queued = 3});
    for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(text(world.lookup(numbered(i))), "pending");
    EXPECT_EQ(text(world.lookup(kPeer)), "absent");
    EXPECT_EQ(world.resolver.entries(), 5U);
    world.says_no_name(numbered(0));
    EXPECT_EQ(text(world.lookup(kPeer)), "pending") << "having no room is not remembered";
}

TEST(Resolver, ForgetsWhatWasUsedLongestAgo) {
    ResolverWorld world({.max_entries = 3});
    for (std::uint32_t i = 0; i < 3; ++i) {
        world.lookup(numbered(i));
        world.says(numbered(i), "host.example");
    }
    const auto oldest = world.lookup(numbered(0));
    world.lookup(kPeer);  // in place of 1
    EXPECT_EQ(world.resolver.entries(), 3U);
    EXPECT_EQ(world.lookup(numbered(0)), oldest);
    EXPECT_EQ(world.dns.times_started(numbered(0)), 1U);
    world.lookup(numbered(1));
    EXPECT_EQ(world.dns.times_started(numbered(1)), 2U);
}

TEST(Resolver, StaysBoundedAndNeverForgetsWhatIsPending) {
    ResolverWorld world({.max_in_flight = 4, .max_queued = 100, .max_entries = 16});
    std::vector<HostAnswerRef> answers;
    for (std::uint32_t i = 0; i < 100; ++i) {
        answers.push_back(world.lookup(numbered(i)));
        EXPECT_LE(world.resolver.entries(), 16U);
    }
    EXPECT_EQ(text(answers[15]), "pending");
    EXPECT_EQ(text(answers[16]), "absent") << "all entries are pending";
    for (std::uint32_t i = 0; i < 16; ++i) world.says(numbered(i), "host.example");
    for (std::uint32_t i = 0; i < 16; ++i) EXPECT_EQ(text(answers[i]), "host.example.");
    for (std::uint32_t i = 100; i < 10'000; ++i) {
        world.lookup(numbered(i));
        world.says_no_name(numbered(i));
        ASSERT_LE(world.resolver.entries(), 16U);
    }
    EXPECT_EQ(text(answers[3]), "host.example.") << "forgotten by the cache, not by who holds it";
}

/// Lets `count` queries, one after the other, end without an answer.
void silence(ResolverWorld& world, std::uint32_t count, std::uint32_t first) {
    for (std::uint32_t i = first; i < first + count; ++i) {
        world.lookup(numbered(i));
        world.stays_silent(numbered(i));
    }
}

TEST(Resolver, GivesSilentServersARest) {
    ResolverWorld world;
    silence(world, 4, 0);
    EXPECT_EQ(text(world.lookup(kOther)), "pending");
    world.stays_silent(kOther);
    EXPECT_EQ(text(world.lookup(kPeer)), "absent");
    EXPECT_EQ(world.dns.times_started(kPeer), 0U);
    world.now += seconds(30) - Duration(1);
    EXPECT_EQ(text(world.lookup(kPeer)), "absent");
    world.now += Duration(1);
    EXPECT_EQ(text(world.lookup(kPeer)), "pending") << "the rest is not remembered as no name";
}

TEST(Resolver, RestsNotWhenSomebodyAnswersInBetween) {
    ResolverWorld world;
    for (std::uint32_t i = 0; i < 100; i += 4) {
        silence(world, 4, i);
        world.lookup(numbered(1000 + i));
        world.says_no_name(numbered(1000 + i));
    }
    EXPECT_EQ(text(world.lookup(kPeer)), "pending");
}

TEST(Resolver, StillKnowsWhatItKnewDuringARest) {
    ResolverWorld world;
    world.lookup(kOther);
    world.says(kOther, "host.example");
    silence(world, 5, 0);
    EXPECT_EQ(text(world.lookup(kPeer)), "absent");
    EXPECT_EQ(text(world.lookup(kOther)), "host.example.");
}

TEST(Resolver, RestsTwiceAsLongEachTimeUpToFiveMinutes) {
    ResolverWorld world;
    silence(world, 5, 0);
    std::uint32_t next = 100;
    for (const auto rest : {30, 60, 120, 240, 300, 300}) {
        world.now += seconds(rest) - Duration(1);
        EXPECT_EQ(text(world.lookup(numbered(next))), "absent") << rest;
        world.now += Duration(1);
        EXPECT_EQ(text(world.lookup(numbered(next))), "pending") << rest;
        world.stays_silent(numbered(next++));  // a single one more is enough
    }
}

TEST(Resolver, BeginsAnewAfterAnyAnswer) {
    ResolverWorld world;
    silence(world, 5, 0);
    world.now += seconds(30);
    world.lookup(kPeer);
    world.says_no_name(kPeer);
    silence(world, 4, 10);
    EXPECT_EQ(text(world.lookup(kOther)), "pending");
    world.stays_silent(kOther);
    EXPECT_EQ(text(world.lookup(numbered(20))), "absent");
    world.now += seconds(30);
    EXPECT_EQ(text(world.lookup(numbered(20))), "pending") << "the first rest is short again";
}

TEST(Resolver, DropsTheQueueWhenARestBegins) {
    ResolverWorld world;
    std::vector<HostAnswerRef> answers;
    for (std::uint32_t i = 0; i < 100; ++i) answers.push_back(world.lookup(numbered(i)));
    for (std::uint32_t i = 0; i < 5; ++i) world.dns.stays_silent(numbered(i));
    world.arrive();
    EXPECT_EQ(text(answers[5]), "pending") << "in flight";
    EXPECT_EQ(text(answers[64]), "absent");
    EXPECT_EQ(text(answers[99]), "absent");
    EXPECT_EQ(world.resolver.queued(), 0U);
    EXPECT_EQ(world.dns.started().size(), 64U);
    EXPECT_EQ(world.resolver.entries(), 64U) << "nobody was asked, so nothing is remembered";
}

TEST(Resolver, CountsNotTwiceWhatWasSentBeforeTheRest) {
    ResolverWorld world;
    for (std::uint32_t i = 0; i < 64; ++i) world.lookup(numbered(i));
    for (std::uint32_t i = 0; i < 64; ++i) world.stays_silent(numbered(i));
    world.now += seconds(30);
    EXPECT_EQ(text(world.lookup(kPeer)), "pending") << "one rest, not sixty";
}

TEST(Resolver, EndsTheRestWhenALateAnswerComes) {
    ResolverWorld world;
    world.lookup(kOther);
    silence(world, 5, 0);
    EXPECT_EQ(text(world.lookup(kPeer)), "absent");
    world.says(kOther, "late.example");
    EXPECT_EQ(text(world.lookup(kPeer)), "pending");
}

TEST(Resolver, RestsWhenNothingCanBeSent) {
    ResolverWorld world;
    world.dns.network_is_down();
    for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(text(world.lookup(numbered(i))), "absent");
    EXPECT_EQ(world.dns.started().size(), 5U);
    EXPECT_EQ(world.resolver.answers(), 0U);
}

TEST(Resolver, MayGoWhileSomebodyWaits) {
    HostAnswerRef answer;
    {
        ResolverWorld world;
        answer = world.lookup(kPeer);
    }
    EXPECT_EQ(text(answer), "pending");
}

}  // namespace
}  // namespace logfia::test
