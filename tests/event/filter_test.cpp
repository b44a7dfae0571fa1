#include "event/event_maker.hpp"
#include "support/event_parts.hpp"
#include <logfia/event/filter.hpp>

#include <gtest/gtest.h>

#include <string>

namespace logfia {
namespace {

using Verdict = Filter::Verdict;
using test::EventMaker;
using test::fd_of;
using test::peer;
using test::v4;

TEST(TypeNames, AreThoseOfTheContractAndTwoGroups) {
    EXPECT_TRUE(types_named("file")->contains(FdType::file));
    EXPECT_FALSE(types_named("file")->contains(FdType::directory));
    for (const FdType type : {FdType::tcp, FdType::tcp6, FdType::udp, FdType::udp6}) {
        EXPECT_TRUE(types_named("inet")->contains(type));
        EXPECT_TRUE(types_named("socket")->contains(type));
    }
    EXPECT_FALSE(types_named("inet")->contains(FdType::udplite));
    EXPECT_TRUE(types_named("socket")->contains(FdType::socket));
    EXPECT_TRUE(types_named("socket")->contains(FdType::unix_socket));
    EXPECT_FALSE(types_named("socket")->contains(FdType::eventfd));
    for (const char* word : {"", "files", "FILE", "unknown", " file", "inet6"})
        EXPECT_FALSE(types_named(word)) << word;
}

TEST(EventNames, AreThoseThatAWatchOfProcessesHas) {
    for (const char* word : {"lost", "close", "open", "rename", "connect", "listen", "hangup",
                             "start", "exec", "exit"}) {
        const auto events = events_named(word);
        ASSERT_TRUE(events) << word;
        for (const EventKindRow& row : event_kinds())
            EXPECT_EQ(events->contains(row.kind), row.name == word) << word << ' ' << row.name;
    }
    for (const EventKindRow& row : event_kinds())
        EXPECT_EQ(events_named("all")->contains(row.kind), is_of_processes(row)) << row.name;
    for (const char* word : {"", "opened", "create", "written", "+open", "All"})
        EXPECT_FALSE(events_named(word)) << word;
}

TEST(Filters, TellsTheUsualEventsUnlessOthersAreChosen) {
    using Kind = EventKind;
    const auto told = [](const FilterOptions& options) {
        std::string names;
        for (const EventKindRow& row : event_kinds())
            if (is_of_processes(row) && options.tells(row.kind))
                names += std::string(row.name) + ' ';
        return names;
    };
    EXPECT_EQ(told({}), "lost close open rename connect listen ");
    FilterOptions more;
    more.more_events.add(Kind::exec);
    EXPECT_EQ(told(more), "lost close open rename connect listen exec ");
    more.events.emplace().add(Kind::open);
    EXPECT_EQ(told(more), "lost open exec ");
}

struct Matching {
    const char* pattern;
    std::string name;
    bool matches;
};

TEST(Globs, AreComparedWithNames) {
    const Matching table[] = {
        {"/etc/hosts", "/etc/hosts", true},
        {"/etc/*", "/etc/ssl/certs/a.pem", true},
        {"*.log", "/var/log/app.log", true},
        {"app.log", "/var/log/app.log", true},
        {"log", "/var/log/app.log", false},
        {"/log", "/var/log", false},
        {"var/*", "/var/log", false},
        {"app.lo?", "/var/log/app.log", true},
        {"app.[a-l]og", "/var/log/app.log", true},
        {"*.log", "/var/log/app.log (deleted)", true},
        {"app.log", "/var/log/app.log (deleted)", true},
        {"*(deleted)", "/var/log/app.log (deleted)", true},
        {"*.log", "/var/log/app.log (deleted) (deleted)", false},
        {"pipe:*", "pipe:[123]", true},
        {"pipe:[123]", "pipe:[123]", true},
        {"anon_inode:[[]eventfd]", "anon_inode:[eventfd]", true},
        {"*", "", true},
        {"x\\", "x\\", true},
        {"a\nb", "/tmp/a\nb", true},
        {"*\xff", "/tmp/\xfe\xff", true},
    };
    for (const auto& [pattern, name, matches] : table) {
        EventMaker maker;
        maker.name = name;
        EXPECT_EQ(Glob(pattern).matches(maker.open()), matches) << pattern << ' ' << name;
    }
}

TEST(Globs, AreComparedWithBothNamesOfARename) {
    EventMaker maker;
    maker.name = "/new";
    Event event = maker.event(EventKind::rename);
    fd_of(event).old_name = "/old";
    EXPECT_TRUE(Glob("old").matches(event));
    EXPECT_TRUE(Glob("new").matches(event));
    EXPECT_FALSE(Glob("other").matches(event));
}

TEST(Globs, AreComparedWithWhatASocketShows) {
    EventMaker maker;
    maker.type = FdType::tcp;
    maker.name = "socket:[99]";
    maker.socket = peer(v4(192, 0, 2, 80), 443);
    for (const char* pattern : {"192.0.2.80:443", "192.0.2.*", "*:443", "192.0.2.80", "socket:*"})
        EXPECT_TRUE(Glob(pattern).matches(maker.open())) << pattern;
    for (const char* pattern : {"10.0.0.1:40000", "*:80", "192.0.2.8"})
        EXPECT_FALSE(Glob(pattern).matches(maker.open())) << pattern;

    IpAddress v6;
    v6.family = IpFamily::v6;
    v6.bytes = {0x20, 0x01, 0x0d, 0xb8};
    v6.bytes[15] = 7;
    maker.socket = peer(v6, 443);
    for (const char* pattern : {"[2001:db8::7]:443", "2001:db8::*", "*:443"})
        EXPECT_TRUE(Glob(pattern).matches(maker.open())) << pattern;

    SocketInfo local;
    local.path = "@/tmp/.X11-unix/X0";
    maker.socket = std::make_shared<SocketInfo>(local);
    EXPECT_TRUE(Glob("*X11*").matches(maker.open()));
    EXPECT_TRUE(Glob("X0").matches(maker.open()));
    SocketInfo listening;
    listening.local = Endpoint{v4(0, 0, 0, 0), 8080};
    maker.socket = std::make_shared<SocketInfo>(listening);
    EXPECT_TRUE(Glob("*:8080").matches(maker.open()));
}

TEST(Globs, AreComparedWithHostNames) {
    EXPECT_TRUE(Glob("*.example.org").matches_host("www.example.org."));
    EXPECT_TRUE(Glob("*.example.org.").matches_host("www.example.org."));
    EXPECT_TRUE(Glob("WWW.example.ORG").matches_host("www.Example.org."));
    EXPECT_FALSE(Glob("example.org").matches_host("www.example.org."));
    EXPECT_FALSE(Glob("*").matches_host(""));
}

TEST(Filters, WithoutAnyAllIsKept) {
    Filter filter{FilterOptions{}};
    EXPECT_EQ(filter.judge(EventMaker{}.open()), Verdict::keep);
    EXPECT_TRUE(filter.shows(EventMaker{}.initial()));
}

TEST(Filters, WhatAChildHasFromItsParentIsToldOnRequest) {
    EventMaker maker;
    const auto inherited = [&](EventKind kind) {
        Event event = maker.event(kind);
        fd_of(event).inherited = true;
        return event;
    };
    for (const bool by_type : {false, true}) {
        FilterOptions options;
        if (by_type) options.types = types_named("file");
        Filter filter(options);
        for (const EventKind kind : {EventKind::open, EventKind::rename, EventKind::close})
            EXPECT_EQ(filter.judge(inherited(kind)), Verdict::drop) << to_string(kind);
        options.inherited = true;
        Filter asked(options);
        for (const EventKind kind : {EventKind::open, EventKind::rename, EventKind::close})
            EXPECT_EQ(asked.judge(inherited(kind)), Verdict::keep) << to_string(kind);
    }
}

TEST(Filters, WhatBecomesOfAnInheritedSocketIsToldToItsClose) {
    EventMaker maker{1, FdType::tcp, "socket:[1]", peer(v4(192, 0, 2, 1), 80)};
    const auto inherited = [&](EventKind kind) {
        Event event = maker.event(kind);
        fd_of(event).inherited = true;
        return event;
    };
    for (const EventKind news : {EventKind::connect, EventKind::listen, EventKind::hangup}) {
        FilterOptions told;
        told.more_events.add(news);
        Filter filter(told);
        EXPECT_EQ(filter.judge(inherited(EventKind::open)), Verdict::drop);
        EXPECT_EQ(filter.judge(inherited(news)), Verdict::keep) << to_string(news);
        EXPECT_EQ(filter.judge(inherited(EventKind::close)), Verdict::keep);
        EXPECT_EQ(filter.judge(inherited(EventKind::close)), Verdict::drop) << "is forgotten";
    }
    FilterOptions options;
    options.types = types_named("file");
    EXPECT_EQ(Filter(options).judge(inherited(EventKind::connect)), Verdict::drop);
    Filter filter(FilterOptions{});
    EXPECT_EQ(filter.judge(inherited(EventKind::hangup)), Verdict::drop) << "it is not told";
    EXPECT_EQ(filter.judge(inherited(EventKind::close)), Verdict::drop);
}

TEST(Filters, TypesAndRealFiles) {
    FilterOptions options;
    options.types = types_named("pipe");
    Filter by_type(options);
    EventMaker file;
    EventMaker pipe{2, FdType::pipe, "pipe:[1]"};
    EventMaker unreadable{3, FdType::unknown, "?"};
    EXPECT_EQ(by_type.judge(file.open()), Verdict::drop);
    EXPECT_EQ(by_type.judge(pipe.open()), Verdict::keep);
    EXPECT_EQ(by_type.judge(unreadable.open()), Verdict::drop);
    Filter real({.real_files_only = true});
    EXPECT_EQ(real.judge(file.open()), Verdict::keep);
    EXPECT_EQ(real.judge(pipe.open()), Verdict::drop);
    EXPECT_EQ(real.judge(unreadable.open()), Verdict::drop);
}

TEST(Filters, SocketsThatNobodyCouldIdentifyAreCounted) {
    const auto counted = [](const char* types) {
        FilterOptions options;
        options.types = types_named(types);
        Filter filter(options);
        EventMaker unknown{1, FdType::socket, "socket:[1]"};
        EventMaker known{2, FdType::socket, "socket:[2]", std::make_shared<SocketInfo>()};
        EventMaker other{3, FdType::unix_socket, "socket:[3]"};
        for (EventMaker* maker : {&unknown, &known, &other}) {
            filter.judge(maker->open());
            filter.judge(maker->close());
        }
        return filter.unidentified();
    };
    EXPECT_EQ(counted("inet"), 1U);
    EXPECT_EQ(counted("file"), 0U);
    EXPECT_EQ(counted("socket"), 0U) << "it was let pass";
}

TEST(Filters, LostIsNeverHidden) {
    FilterOptions options;
    options.types = types_named("pipe");
    options.events.emplace().add(EventKind::open);
    options.include.emplace_back("nothing");
    Filter filter(options);
    Event lost;
    EXPECT_EQ(filter.judge(lost), Verdict::keep);
    EXPECT_TRUE(filter.shows(lost));
}

TEST(Filters, EventsAndInitialOnlyHide) {
    FilterOptions options;
    options.events.emplace().add(EventKind::close);
    options.initial = false;
    Filter filter(options);
    const EventMaker maker;
    EXPECT_EQ(filter.judge(maker.open()), Verdict::keep);
    EXPECT_FALSE(filter.shows(maker.open()));
    EXPECT_TRUE(filter.shows(maker.close()));
    EXPECT_FALSE(Filter({.initial = false}).shows(maker.initial()));
    EXPECT_TRUE(Filter({.initial = false}).shows(maker.open()));
}

/// An event that is not shown is counted all the same, for `--leaks`.
TEST(Filters, AHangupIsShownOnlyToWhoAsksForIt) {
    const Event hangup = EventMaker().event(EventKind::hangup);
    Filter filter({});
    EXPECT_EQ(filter.judge(hangup), Verdict::keep);
    EXPECT_FALSE(filter.shows(hangup));
    FilterOptions options;
    options.events.emplace().add(EventKind::hangup);
    EXPECT_TRUE(Filter(options).shows(hangup));
}

TEST(Filters, ExcludeWinsOverInclude) {
    FilterOptions options;
    options.include.emplace_back("/etc/*");
    options.exclude.emplace_back("*.d");
    Filter filter(options);
    EventMaker maker;
    EXPECT_EQ(filter.judge(maker.open()), Verdict::keep);
    EventMaker excluded{2, FdType::directory, "/etc/init.d"};
    EXPECT_EQ(filter.judge(excluded.open()), Verdict::drop);
    EventMaker elsewhere{3, FdType::file, "/var/x"};
    EXPECT_EQ(filter.judge(elsewhere.open()), Verdict::drop);
}

TEST(Filters, WhatHasPassedOnceStaysIn) {
    FilterOptions options;
    options.include.emplace_back("app.log");
    Filter filter(options);
    EventMaker maker{1, FdType::file, "/log/app.log"};
    EXPECT_EQ(filter.judge(maker.initial()), Verdict::keep);
    maker.name = "/log/app.log.1";
    Event rename = maker.event(EventKind::rename);
    fd_of(rename).old_name = "/log/app.log";
    EXPECT_EQ(filter.judge(rename), Verdict::keep);
    EXPECT_EQ(filter.judge(maker.close()), Verdict::keep);
    // A name that comes again on a new descriptor is judged from scratch.
    EventMaker next{2, FdType::file, "/log/app.log.1"};
    EXPECT_EQ(filter.judge(next.open()), Verdict::drop);
    EXPECT_EQ(filter.judge(next.close()), Verdict::drop);
}

TEST(Filters, ARenameIntoThePatternComesIn) {
    FilterOptions options;
    options.include.emplace_back("final");
    Filter filter(options);
    EventMaker maker{1, FdType::file, "/x/partial"};
    EXPECT_EQ(filter.judge(maker.open()), Verdict::drop);
    maker.name = "/x/final";
    EXPECT_EQ(filter.judge(maker.event(EventKind::rename)), Verdict::keep);
    EXPECT_EQ(filter.judge(maker.close()), Verdict::keep);
}

class HostFilters : public testing::Test {
  protected:
    static FilterOptions with(const char* include, const char* exclude) {
        FilterOptions options;
        options.hosts = true;
        if (include != nullptr) options.include.emplace_back(include);
        if (exclude != nullptr) options.exclude.emplace_back(exclude);
        return options;
    }
    EventMaker maker_{1, FdType::tcp, "socket:[1]", peer(v4(192, 0, 2, 80), 443)};
};

TEST_F(HostFilters, AskWhereTheNameDecides) {
    EXPECT_EQ(Filter(with("*.example.org", nullptr)).judge(maker_.open()), Verdict::ask);
    EXPECT_EQ(Filter(with(nullptr, "*.example.org")).judge(maker_.open()), Verdict::ask);
    // The verdict is settled without the name.
    EXPECT_EQ(Filter(with("192.0.2.*", nullptr)).judge(maker_.open()), Verdict::keep);
    EXPECT_EQ(Filter(with(nullptr, "*:443")).judge(maker_.open()), Verdict::drop);
    FilterOptions numeric = with("*.example.org", nullptr);
    numeric.hosts = false;
    EXPECT_EQ(Filter(numeric).judge(maker_.open()), Verdict::drop);
    // No host name has a colon or a slash.
    EXPECT_EQ(Filter(with("10.*:443", nullptr)).judge(maker_.open()), Verdict::drop);
    EXPECT_EQ(Filter(with(nullptr, "/proc/*")).judge(maker_.open()), Verdict::keep);
    // A file has no host.
    EXPECT_EQ(Filter(with("*.example.org", nullptr)).judge(EventMaker{}.open()), Verdict::drop);
    FilterOptions typed = with("*.example.org", nullptr);
    typed.types = types_named("file");
    EXPECT_EQ(Filter(typed).judge(maker_.open()), Verdict::drop);
}

TEST_F(HostFilters, TheNameDecides) {
    Filter include(with("*.example.org", nullptr));
    ASSERT_EQ(include.judge(maker_.open()), Verdict::ask);
    EXPECT_TRUE(include.decide(maker_.open(), "www.example.org."));
    EXPECT_EQ(include.judge(maker_.close()), Verdict::keep);

    Filter exclude(with(nullptr, "*.example.org"));
    ASSERT_EQ(exclude.judge(maker_.open()), Verdict::ask);
    EXPECT_FALSE(exclude.decide(maker_.open(), "www.example.org."));
    ASSERT_EQ(exclude.judge(maker_.close()), Verdict::ask);
    EXPECT_TRUE(exclude.decide(maker_.close(), ""));
}

TEST_F(HostFilters, ANameThatDoesNotComeIsNone) {
    Filter filter(with("*.example.org", nullptr));
    ASSERT_EQ(filter.judge(maker_.open()), Verdict::ask);
    EXPECT_FALSE(filter.decide(maker_.open(), ""));
}

TEST_F(HostFilters, WhatFollowsAQuestionWaitsForItsAnswer) {
    Filter filter(with("*.example.org", nullptr));
    ASSERT_EQ(filter.judge(maker_.open()), Verdict::ask);
    ASSERT_EQ(filter.judge(maker_.close()), Verdict::ask);
    EXPECT_TRUE(filter.decide(maker_.open(), "www.example.org."));
    EXPECT_TRUE(filter.decide(maker_.close(), ""));
    // Everything is forgotten: a close without an open is judged on its own.
    ASSERT_EQ(filter.judge(maker_.close()), Verdict::ask);
    EXPECT_FALSE(filter.decide(maker_.close(), ""));
}

TEST_F(HostFilters, AConnectBringsItIn) {
    Filter filter(with("*.example.org", nullptr));
    EventMaker unconnected{1, FdType::tcp, "socket:[1]"};
    EXPECT_EQ(filter.judge(unconnected.open()), Verdict::drop);
    ASSERT_EQ(filter.judge(maker_.event(EventKind::connect)), Verdict::ask);
    EXPECT_TRUE(filter.decide(maker_.event(EventKind::connect), "www.example.org."));
    EXPECT_EQ(filter.judge(maker_.close()), Verdict::keep);
}

}  // namespace
}  // namespace logfia
