// The verdict: whether what was left open is a leak. Time is that of a calendar.

#include "event/event_maker.hpp"
#include "support/event_parts.hpp"
#include <logfia/report/leaks.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace logfia {
namespace {

using test::EventMaker;
using test::fd_of;
using test::peer;
using test::v4;

constexpr std::uint64_t kCommand = 1;

/// A process that is watched from the beginning, when one descriptor was open already.
class WatchedRun {
  public:
    explicit WatchedRun(std::uint64_t process = kCommand, std::uint64_t fewest = 10)
        : process_(process), leaks_(fewest, kCommand) {
        EventMaker standard_output{last_id_, FdType::tty, "/dev/pts/1"};
        standard_output.process = process_;
        leaks_.note(standard_output.initial());
        open_.push_back(standard_output);
    }
    /// Opens `count` descriptors of a kind.
    void open(EventMaker maker, int second, int count = 1) {
        for (int i = 0; i < count; ++i) {
            maker.id = ++last_id_;
            maker.process = process_;
            leaks_.note(maker.open(second));
            open_.push_back(maker);
        }
    }
    void open_and_close(EventMaker maker, int second) {
        maker.id = ++last_id_;
        maker.process = process_;
        leaks_.note(maker.open(second));
        leaks_.note(maker.close(second));
    }
    /// Closes those that were opened first.
    void close(int second, int count) {
        for (int i = 0; i < count; ++i) {
            leaks_.note(begin()->close(second));
            open_.erase(begin());
        }
    }
    void note_all(EventKind kind, int second) {
        for (auto at = begin(); at != open_.end(); ++at) leaks_.note(at->event(kind, second));
    }
    void exit(int second) {
        for (const EventMaker& one : open_) leaks_.note(one.close_at_exit(second));
        open_.clear();
    }
    [[nodiscard]] LeakRule verdict(int second, CommandEnd end = CommandEnd::by_itself) const {
        const auto report = leaks_.report(EventMaker{}.open(second).at.steady, end);
        return report.groups.empty() ? LeakRule::none : report.groups[0].rule;
    }

  private:
    std::vector<EventMaker>::iterator begin() { return open_.begin() + 1; }

    std::uint64_t process_;
    Leaks leaks_;
    std::uint64_t last_id_ = 1;
    std::vector<EventMaker> open_;
};

const EventMaker kFile{0, FdType::file, "/tmp/x"};
const EventMaker kPipe{0, FdType::pipe, "pipe:[7]"};

TEST(LeakRules, TheCommandHasLeftThemOpen) {
    WatchedRun run;
    run.open(kFile, 1, 10);
    EXPECT_EQ(run.verdict(2), LeakRule::none) << "it still runs";
    run.exit(2);
    EXPECT_EQ(run.verdict(2), LeakRule::open_at_the_end);
    EXPECT_EQ(run.verdict(2, CommandEnd::otherwise), LeakRule::none) << "a signal has ended it";
}

TEST(LeakRules, NineAreNone) {
    WatchedRun run;
    run.open(kFile, 1, 9);
    run.exit(2);
    EXPECT_EQ(run.verdict(2), LeakRule::none);
}

TEST(LeakRules, OneIsALeakWhereTheUserSaysSo) {
    WatchedRun run(kCommand, 1);
    run.open(kFile, 1);
    run.exit(2);
    EXPECT_EQ(run.verdict(2), LeakRule::open_at_the_end);
}

TEST(LeakRules, ChildrenMayLeaveThemOpen) {
    WatchedRun run(kCommand + 1);
    run.open(kFile, 1, 100);
    run.exit(2);
    EXPECT_EQ(run.verdict(2), LeakRule::none);
}

/// Connections, event loops and pipes within a process are rightly kept until its end.
TEST(LeakRules, SomeKindsMayBeOpenAtTheEnd) {
    SocketInfo own_pair;
    own_pair.kind = "stream";
    own_pair.state = SocketState::established;
    SocketInfo unbound;
    const std::pair<EventMaker, LeakRule> cases[] = {
        {{0, FdType::epoll, "anon_inode:[eventpoll]"}, LeakRule::none},
        {{0, FdType::eventfd, "anon_inode:[eventfd]"}, LeakRule::none},
        {{0, FdType::timerfd, "anon_inode:[timerfd]"}, LeakRule::none},
        {{0, FdType::signalfd, "anon_inode:[signalfd]"}, LeakRule::none},
        {{0, FdType::inotify, "anon_inode:inotify"}, LeakRule::none},
        {{0, FdType::pidfd, "anon_inode:[pidfd]"}, LeakRule::open_at_the_end},
        {{0, FdType::memfd, "/memfd:x (deleted)"}, LeakRule::open_at_the_end},
        {{0, FdType::tcp, "socket:[1]", peer(v4(192, 0, 2, 1), 80)}, LeakRule::none},
        {{0, FdType::tcp, "socket:[1]", std::make_shared<SocketInfo>(unbound)},
         LeakRule::open_at_the_end},
        {{0, FdType::tcp, "socket:[1]"}, LeakRule::open_at_the_end},
        {{0, FdType::unix_socket, "socket:[1]", std::make_shared<SocketInfo>(own_pair)},
         LeakRule::none},
    };
    for (const auto& [maker, rule] : cases) {
        WatchedRun run;
        run.open(maker, 1, 10);
        run.exit(2);
        EXPECT_EQ(run.verdict(2), rule) << to_string(maker.type) << ' ' << maker.name;
    }
}

TEST(LeakRules, OfPipesTheEndsCount) {
    for (const bool both : {false, true}) {
        WatchedRun run;
        for (int i = 0; i < 10; ++i) {
            run.open({0, FdType::pipe, fmt::format("pipe:[{}]", i)}, 1, both ? 2 : 1);
        }
        run.exit(2);
        EXPECT_EQ(run.verdict(2), both ? LeakRule::none : LeakRule::open_at_the_end);
    }
}

/// Ends of the same kind, whose other ends another process has or nobody.
TEST(LeakRules, TwoReadersOfAPipeAreNoPair) {
    Leaks leaks(10, kCommand);
    std::vector<EventMaker> makers;
    for (std::uint64_t id = 1; id <= 10; ++id) makers.push_back({id, FdType::pipe, "pipe:[7]"});
    for (const EventMaker& maker : makers) {
        Event open = maker.open(1);
        fd_of(open).descriptor.access = Access::read;
        leaks.note(open);
    }
    for (const EventMaker& maker : makers) leaks.note(maker.close_at_exit(2));
    EXPECT_TRUE(leaks.report(makers[0].open(2).at.steady, CommandEnd::by_itself).leaked());
}

TEST(LeakRules, ConnectionsWhosePeersHaveLeftShouldHaveBeenClosed) {
    for (const int hung_up : {9, 10}) {
        WatchedRun run;
        const EventMaker connection{0, FdType::tcp, "socket:[1]", peer(v4(192, 0, 2, 1), 80)};
        run.open(connection, 1, hung_up);
        run.note_all(EventKind::hangup, 2);
        run.open(connection, 3, 10);
        run.exit(4);
        EXPECT_EQ(run.verdict(4), hung_up < 10 ? LeakRule::none : LeakRule::open_at_the_end);
    }
}

struct Growth {
    const char* what;
    LeakRule rule;
    int end;
    std::function<void(WatchedRun&)> happen;
};

const Growth kGrowths[] = {
    {"all along", LeakRule::growth, 15,
     [](WatchedRun& run) {
         for (int second = 1; second < 15; ++second) run.open(kFile, second);
     }},
    {"long enough", LeakRule::growth, 10,
     [](WatchedRun& run) {
         for (int second = 1; second <= 10; ++second) run.open(kFile, second);
     }},
    {"not long enough", LeakRule::none, 9,
     [](WatchedRun& run) {
         for (int second = 0; second <= 9; ++second) run.open(kFile, second, 5);
     }},
    {"at first", LeakRule::none, 30, [](WatchedRun& run) { run.open(kFile, 1, 100); }},
    {"not in the middle", LeakRule::none, 30,
     [](WatchedRun& run) {
         run.open(kFile, 1, 20);
         run.open(kFile, 25, 20);
     }},
    {"not in the end", LeakRule::none, 30,
     [](WatchedRun& run) {
         run.open(kFile, 1, 20);
         run.open(kFile, 15, 20);
     }},
    {"too few are left", LeakRule::none, 30,
     [](WatchedRun& run) {
         for (const int second : {1, 15, 25}) run.open(kFile, second, 3);
     }},
    {"half were closed", LeakRule::none, 30,
     [](WatchedRun& run) {
         for (const int second : {1, 15, 25}) run.open(kFile, second, 10);
         run.close(26, 15);
     }},
    {"fewer than half were closed", LeakRule::growth, 30,
     [](WatchedRun& run) {
         for (const int second : {1, 15, 25}) run.open(kFile, second, 10);
         run.close(26, 14);
     }},
    {"old ones beside others that come and go", LeakRule::none, 30,
     [](WatchedRun& run) {
         run.open(kFile, 1, 10);
         for (const int second : {5, 15, 28}) run.open_and_close(kFile, second);
     }},
    {"event loops", LeakRule::growth, 30,
     [](WatchedRun& run) {
         for (const int second : {1, 15, 25})
             run.open({0, FdType::epoll, "anon_inode:[eventpoll]"}, second, 4);
     }},
    {"connections", LeakRule::growth, 30,
     [](WatchedRun& run) {
         for (const int second : {1, 15, 25})
             run.open({0, FdType::tcp, "socket:[1]", peer(v4(192, 0, 2, 1), 80)}, second, 4);
     }},
    {"pipes", LeakRule::growth, 30,
     [](WatchedRun& run) {
         for (const int second : {1, 15, 25}) run.open(kPipe, second, 4);
     }},
    {"different files of a directory", LeakRule::growth, 30,
     [](WatchedRun& run) {
         for (int i = 1; i < 29; ++i)
             run.open({0, FdType::file, "/tmp/" + std::string(static_cast<unsigned>(i), 'x')}, i);
     }},
};

TEST(LeakRules, WhatGrowsAllAlongIsALeak) {
    for (const Growth& growth : kGrowths) {
        for (const bool ends : {false, true}) {
            WatchedRun run(kCommand + 1);
            growth.happen(run);
            if (ends) run.exit(growth.end);
            EXPECT_EQ(run.verdict(ends ? 1000 : growth.end), growth.rule) << growth.what;
        }
    }
}

TEST(LeakRules, AShortWatchJudgesNothing) {
    Leaks leaks(10, kCommand);
    leaks.note(EventMaker{}.open(0));
    const auto judged_at = [&](int second, CommandEnd end) {
        return leaks.report(EventMaker{}.open(second).at.steady, end).groups.at(0).judged;
    };
    EXPECT_FALSE(judged_at(9, CommandEnd::otherwise));
    EXPECT_TRUE(judged_at(9, CommandEnd::by_itself));
    EXPECT_TRUE(judged_at(10, CommandEnd::otherwise));
}

/// Opens 12 of them in the last 12 of 27 seconds.
LeakRule verdict_of_late_opens(std::optional<SteadyTime> watched_since) {
    Leaks leaks(10);
    for (int i = 0; i < 12; ++i) {
        EventMaker maker = kFile;
        maker.id = static_cast<std::uint64_t>(i + 1);
        Event open = maker.open(15 + i);
        open.actor.watched_since = watched_since;
        leaks.note(open);
    }
    return leaks.report(EventMaker{}.open(27).at.steady, CommandEnd::otherwise).groups[0].rule;
}

TEST(LeakRules, AProcessIsWatchedFromItsFirstLook) {
    EXPECT_EQ(verdict_of_late_opens(EventMaker{}.open(0).at.steady), LeakRule::none);
    EXPECT_EQ(verdict_of_late_opens(std::nullopt), LeakRule::growth) << "from its first event";
}

TEST(LeakRules, NothingIsForgottenWhileNothingIsOpen) {
    Leaks leaks(10);
    EventMaker maker = kFile;
    for (int i = 0; i < 40; ++i) {
        maker.id = static_cast<std::uint64_t>(i + 1);
        leaks.note(maker.open(1));
        leaks.note(maker.close(1));
    }
    for (int i = 0; i < 11; ++i) {
        maker.id = static_cast<std::uint64_t>(i + 100);
        leaks.note(maker.open(2 + i));
    }
    const auto report = leaks.report(EventMaker{}.open(13).at.steady, CommandEnd::otherwise);
    ASSERT_EQ(report.groups.size(), 1U);
    EXPECT_EQ(report.groups[0].rule, LeakRule::none) << "most of them were closed";
}

TEST(LeakRules, TheCommandIsJudgedByItsGrowthToo) {
    WatchedRun run;
    for (int second = 1; second < 15; ++second) run.open(kFile, second);
    EXPECT_EQ(run.verdict(15, CommandEnd::otherwise), LeakRule::growth);
}

}  // namespace
}  // namespace logfia
