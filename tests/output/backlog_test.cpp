#include <logfia/output/backlog.hpp>

#include <gtest/gtest.h>

#include <string>

namespace logfia {
namespace {

TEST(Backlog, GivesBackWhatItTookInOrder) {
    Backlog backlog;
    EXPECT_TRUE(backlog.empty());
    EXPECT_EQ(backlog.front(), "");
    std::string expected;
    std::string got;
    for (int i = 0; i < 60'000; ++i) {
        const std::string record = "record " + std::to_string(i) + '\n';
        backlog.tail() += record;
        expected += record;
        ASSERT_EQ(backlog.size(), expected.size() - got.size());
        if (i % 5 != 0) continue;
        const auto piece = backlog.front().substr(0, 40);  // slower than the records come
        got += piece;
        backlog.consume(piece.size());
    }
    EXPECT_GT(backlog.size(), Backlog::kBlockSize);
    while (!backlog.empty()) {
        ASSERT_EQ(backlog.front().back(), '\n');
        got += backlog.front();
        backlog.consume(backlog.front().size());
    }
    EXPECT_EQ(got, expected);
    EXPECT_EQ(backlog.size(), 0U);
}

TEST(Backlog, KeepsItsBlockButNotAGiant) {
    Backlog backlog;
    backlog.tail().assign(1000, 'x');
    const char* block = backlog.front().data();
    backlog.consume(1000);
    backlog.tail().assign(900, 'y');
    EXPECT_EQ(backlog.front().data(), block);
    backlog.tail().assign(10 * Backlog::kBlockSize, 'z');
    backlog.consume(10 * Backlog::kBlockSize);
    EXPECT_LT(backlog.tail().capacity(), Backlog::kBlockSize);
    backlog.tail() += "after";
    backlog.clear();
    EXPECT_TRUE(backlog.empty());
    backlog.tail() += "again";
    EXPECT_EQ(backlog.front(), "again");
}

}  // namespace
}  // namespace logfia
