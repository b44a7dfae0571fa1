#include "event/event_maker.hpp"
#include "support/event_parts.hpp"
#include <logfia/report/summary.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace logfia {
namespace {

using std::chrono::seconds;
using test::EventMaker;
using test::fd_of;
using test::peer;
using test::v4;
using ::testing::SizeIs;

SteadyTime at(int second) {
    return EventMaker{}.open(second).at.steady;
}

TEST(SummaryTest, CountsByName) {
    Summary summary;
    EventMaker first{1};
    EventMaker second{2};
    EventMaker other{3, FdType::file, "/etc/passwd"};
    summary.note(first.open(0), "");
    summary.note(second.open(1), "");
    summary.note(other.open(1), "");
    summary.note(first.close(5, 5), "");
    const auto rows = summary.rows(at(10));
    ASSERT_THAT(rows, SizeIs(2));
    EXPECT_EQ(rows[0].name, "/etc/hosts");
    EXPECT_EQ(rows[0].opens, 2U);
    EXPECT_EQ(rows[0].closes, 1U);
    EXPECT_EQ(rows[0].open, 1U);
    EXPECT_EQ(rows[0].most_open, 2U);
    EXPECT_EQ(rows[0].held_total, seconds(5 + 9));
    EXPECT_EQ(rows[0].held_longest, seconds(9));
    EXPECT_EQ(rows[1].name, "/etc/passwd");
}

TEST(SummaryTest, WhatWasOpenBeforeIsNoOpen) {
    Summary summary;
    const EventMaker maker;
    summary.note(maker.initial(), "");
    Event close = maker.close(3);
    fd_of(close).held.reset();
    summary.note(close, "");
    const auto rows = summary.rows(at(10));
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].opens, 0U);
    EXPECT_EQ(rows[0].initial, 1U);
    EXPECT_EQ(rows[0].closes, 1U);
    EXPECT_EQ(rows[0].most_open, 1U);
    EXPECT_EQ(rows[0].held_total, Duration(0));
}

TEST(SummaryTest, SocketsByPeerPipesByKind) {
    Summary summary;
    summary.note(EventMaker{1, FdType::tcp, "socket:[1]", peer(v4(192, 0, 2, 1), 80)}.open(), "");
    summary.note(EventMaker{2, FdType::tcp, "socket:[2]", peer(v4(192, 0, 2, 1), 80)}.open(),
                 "www.example.org.");
    summary.note(EventMaker{3, FdType::pipe, "pipe:[3]"}.open(), "");
    summary.note(EventMaker{4, FdType::pipe, "pipe:[4]"}.open(), "");
    summary.note(EventMaker{5, FdType::eventfd, "anon_inode:[eventfd]"}.open(), "");
    const auto rows = summary.rows(at(1));
    ASSERT_THAT(rows, SizeIs(3));
    EXPECT_EQ(rows[0].name, "pipe");
    EXPECT_EQ(rows[1].name, "tcp 192.0.2.1:80");
    EXPECT_EQ(rows[1].host, "www.example.org.");
    EXPECT_EQ(rows[1].opens, 2U);
    EXPECT_EQ(rows[2].name, "anon_inode:[eventfd]");
}

TEST(SummaryTest, ASocketMovesToItsPeer) {
    Summary summary;
    EventMaker maker{1, FdType::tcp, "socket:[1]"};
    summary.note(maker.open(), "");
    maker.socket = peer(v4(192, 0, 2, 1), 80);
    summary.note(maker.event(EventKind::connect, 1), "");
    summary.note(maker.close(2, 2), "");
    const auto rows = summary.rows(at(3));
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].name, "tcp 192.0.2.1:80");
    EXPECT_EQ(rows[0].opens, 1U);
    EXPECT_EQ(rows[0].closes, 1U);
    EXPECT_EQ(rows[0].open, 0U);
}

TEST(SummaryTest, ADeletedFileIsTheSameFile) {
    Summary summary;
    EventMaker maker;
    summary.note(maker.open(), "");
    maker.name = "/etc/hosts (deleted)";
    Event unlinked = maker.event(EventKind::rename);
    fd_of(unlinked).descriptor.deleted = true;
    summary.note(unlinked, "");
    Event close = maker.close(1, 1);
    fd_of(close).descriptor.deleted = true;
    summary.note(close, "");
    EXPECT_THAT(summary.rows(at(1)), SizeIs(1));
}

TEST(SummaryTest, AFileMayBeNamedAsIfItWereDeleted) {
    Summary summary;
    summary.note(EventMaker{1, FdType::file, "/tmp/real"}.open(), "");
    summary.note(EventMaker{2, FdType::file, "/tmp/real (deleted)"}.open(), "");
    EXPECT_THAT(summary.rows(at(1)), SizeIs(2));
}

TEST(SummaryTest, ThreeNamesOfTheMomentAreOneRow) {
    Summary summary;
    for (std::uint64_t id = 1; id <= 2; ++id)
        summary.note(EventMaker{id, FdType::file, fmt::format("/tmp/out.{}", id)}.open(), "");
    EXPECT_THAT(summary.rows(at(1)), SizeIs(2));
    for (std::uint64_t id = 3; id <= 5; ++id)
        summary.note(EventMaker{id, FdType::file, fmt::format("/tmp/out.{}", id)}.open(), "");
    summary.note(EventMaker{1, FdType::file, "/tmp/out.1"}.close(4, 4), "");
    const auto rows = summary.rows(at(5));
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].name, "/tmp/out.*");
    EXPECT_EQ(rows[0].names, 5U);
    EXPECT_EQ(rows[0].opens, 5U);
    EXPECT_EQ(rows[0].closes, 1U);
    EXPECT_EQ(rows[0].open, 4U);
    EXPECT_EQ(rows[0].most_open, 5U);
    EXPECT_EQ(rows[0].held_longest, seconds(5));
}

TEST(SummaryTest, TheClientsOfAServerAreOneRow) {
    Summary summary;
    for (std::uint16_t i = 0; i < 4; ++i) {
        SocketInfo socket = *peer(v4(192, 0, 2, 1), static_cast<std::uint16_t>(50000 + i));
        socket.local->port = 8080;
        EventMaker maker{i + 1U, FdType::tcp, "socket:[1]", std::make_shared<SocketInfo>(socket)};
        summary.note(maker.open(), "www.example.org.");
    }
    const auto rows = summary.rows(at(1));
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].name, "tcp 192.0.2.1:*");
    EXPECT_EQ(rows[0].names, 4U);
    EXPECT_EQ(rows[0].open, 4U);
    EXPECT_EQ(rows[0].host, "www.example.org.");
}

/// The `number`th of names that are not alike: letters alone.
std::string distinct_name(std::uint64_t number) {
    std::string name = "/x/";
    for (std::uint64_t rest = number + 1; rest > 0; rest /= 26)
        name += static_cast<char>('a' + rest % 26);
    return name;
}

TEST(SummaryTest, DifferentNamesWithoutEndAreBounded) {
    Summary summary;
    for (std::uint64_t i = 0; i < 3 * Summary::kMaxRows; ++i) {
        EventMaker maker{i + 1, FdType::file, distinct_name(i)};
        summary.note(maker.open(), "");
        summary.note(maker.close(1, 1), "");
    }
    const auto rows = summary.rows(at(2));
    EXPECT_LE(rows.size(), Summary::kMaxRows + 1);
    EXPECT_EQ(rows[0].name, "(others)");
    std::uint64_t opens = 0;
    for (const auto& row : rows) opens += row.opens;
    EXPECT_EQ(opens, 3 * Summary::kMaxRows);
}

/// Descriptors of their own, that stay open.
class Full {
  public:
    explicit Full(std::uint64_t but = 0) {
        for (std::uint64_t i = 0; i < Summary::kMaxRows - but; ++i) open(distinct_name(i));
    }
    void open(const std::string& name, FdType type = FdType::file, const std::string& host = "",
              std::shared_ptr<const SocketInfo> socket = nullptr) {
        summary.note(EventMaker{++last_, type, name, std::move(socket)}.open(), host);
    }
    /// The only row with that name and type; a row without a name if there is none.
    [[nodiscard]] SummaryRow row(const std::string& name, FdType type) const {
        SummaryRow found;
        for (const SummaryRow& row : summary.rows(at(1))) {
            if (row.name != name || row.type != type) continue;
            EXPECT_EQ(found.name, "") << "there are two";
            found = row;
        }
        return found;
    }
    [[nodiscard]] SummaryRow others() const { return row("(others)", FdType::unknown); }
    [[nodiscard]] std::uint64_t opens() const {
        std::uint64_t sum = 0;
        for (const SummaryRow& row : summary.rows(at(1))) sum += row.opens;
        return sum;
    }
    [[nodiscard]] std::uint64_t opened() const { return last_; }

    Summary summary;

  private:
    std::uint64_t last_ = 0;
};

TEST(SummaryTest, TheOthersKeepTheirNameBesideNamesThatAreAlike) {
    Full full;
    for (const char* name : {"/y", "/zz.1", "/zz.2", "/zz.3", "/zz.4", "/zz.1", "/y"})
        full.open(name);
    EXPECT_EQ(full.others().opens, 7U);
    EXPECT_EQ(full.others().names, 1U);
    EXPECT_EQ(full.row("/zz.*", FdType::file).opens, 0U);
    EXPECT_EQ(full.opens(), full.opened());
}

/// Alike names that had rows of their own already are one row now, and make room for others.
TEST(SummaryTest, NamesThatAreAlikeMayHaveTheLastRows) {
    Full full(2);
    for (const char* name : {"/zz.1", "/zz.2", "/y", "/zz.3", "/zz.4", "/yy", "/yyy"})
        full.open(name);
    EXPECT_EQ(full.row("/zz.*", FdType::file).opens, 4U);
    EXPECT_EQ(full.row("/zz.*", FdType::file).names, 4U);
    EXPECT_EQ(full.row("/yy", FdType::file).opens, 1U);
    EXPECT_EQ(full.row("/yyy", FdType::file).opens, 1U);
    EXPECT_EQ(full.others().opens, 1U);
    EXPECT_EQ(full.opens(), full.opened());
}

TEST(SummaryTest, OneOfTheAlikeMayBeAmongTheOthers) {
    Full full(1);
    for (const char* name : {"/zz.1", "/zz.2", "/zz.3", "/zz.1"}) full.open(name);
    EXPECT_EQ(full.row("/zz.1", FdType::file).opens, 2U);
    EXPECT_EQ(full.others().opens, 2U);
    EXPECT_EQ(full.opens(), full.opened());
}

TEST(SummaryTest, TheOthersHaveNobodysHostNorType) {
    Full full;
    full.open("socket:[1]", FdType::tcp, "www.example.org.", peer(v4(192, 0, 2, 1), 80));
    EventMaker socket{100'000, FdType::tcp, "socket:[2]", peer(v4(192, 0, 2, 2), 80)};
    full.summary.note(socket.open(), "");
    full.summary.note(socket.close(1, 1), "mail.example.org.");
    EXPECT_EQ(full.others().opens, 2U);
    EXPECT_EQ(full.others().host, "");
}

TEST(SummaryTest, AFileMayReadLikeTheOthers) {
    Full full(1);
    full.open("(others)", FdType::file);
    full.open("/y");
    full.open("(others)", FdType::file);
    EXPECT_EQ(full.row("(others)", FdType::file).opens, 2U);
    EXPECT_EQ(full.others().opens, 1U);
}

/// The first of a client's connections may be the one whose name did not come in time.
TEST(SummaryTest, OneRowOfManyHasTheHostThatOneOfThemHad) {
    Summary summary;
    for (std::uint16_t i = 0; i < 3; ++i) {
        SocketInfo socket = *peer(v4(192, 0, 2, 1), static_cast<std::uint16_t>(50000 + i));
        socket.local->port = 8080;
        EventMaker maker{i + 1U, FdType::tcp, "socket:[1]", std::make_shared<SocketInfo>(socket)};
        summary.note(maker.open(), i == 1 ? "www.example.org." : "");
    }
    const auto rows = summary.rows(at(1));
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].host, "www.example.org.");
}

TEST(SummaryTest, ACloseWithoutAnOpenIsCounted) {
    Summary summary;
    summary.note(EventMaker{}.close(1, 1), "");
    const auto rows = summary.rows(at(2));
    ASSERT_THAT(rows, SizeIs(1));
    EXPECT_EQ(rows[0].closes, 1U);
    EXPECT_EQ(rows[0].open, 0U);
}

}  // namespace
}  // namespace logfia
