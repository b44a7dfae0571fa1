#include <logfia/source/seccomp/number_table.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <vector>

namespace logfia {
namespace {

constexpr int kHighest = std::numeric_limits<int>::max();

Now at(int seconds) {
    return {{}, SteadyTime(std::chrono::seconds(seconds))};
}

NumberEntry entry(std::uint64_t id) {
    NumberEntry made;
    made.id = id;
    return made;
}

std::vector<int> numbers_of(NumberTable& table, int first = 0, int last = kHighest) {
    std::vector<int> numbers;
    table.for_each(first, last, [&](int fd, NumberEntry&) { numbers.push_back(fd); });
    return numbers;
}

TEST(NumberTable, FindsWhatIsOpen) {
    NumberTable table;
    EXPECT_EQ(table.find(0), nullptr);
    table.open(3, entry(7));
    ASSERT_NE(table.find(3), nullptr);
    EXPECT_EQ(table.find(3)->id, 7U);
    for (const int fd : {-1, 0, 2, 4, 67, kHighest}) EXPECT_EQ(table.find(fd), nullptr) << fd;
    table.open(3, entry(8));
    EXPECT_EQ(table.find(3)->id, 8U);
    EXPECT_EQ(table.size(), 1U);
    table.close(3, at(1));
    EXPECT_EQ(table.find(3), nullptr);
    EXPECT_EQ(table.size(), 0U);
}

TEST(NumberTable, ClosingWhatIsNotOpenChangesNothing) {
    NumberTable table;
    table.open(3, entry(1));
    for (const int fd : {0, 4, 100, kHighest}) table.close(fd, at(1));
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(table.closed_last(4).steady, SteadyTime{});
}

TEST(NumberTable, RemembersTheLastCloseOfANumber) {
    NumberTable table;
    EXPECT_EQ(table.closed_last(3).steady, SteadyTime{});
    table.open(3, entry(1));
    EXPECT_EQ(table.closed_last(3).steady, SteadyTime{}) << "open";
    table.close(3, at(5));
    EXPECT_EQ(table.closed_last(3).steady, at(5).steady);
    table.open(3, entry(2));
    table.close(3, at(6));
    EXPECT_EQ(table.closed_last(3).steady, at(6).steady);
}

TEST(NumberTable, TheLowestFreeNumberIsTheKernels) {
    NumberTable table;
    for (int fd = 0; fd < 200; ++fd) table.open(fd, entry(1));
    EXPECT_EQ(table.lowest_free(0), 200);
    EXPECT_EQ(table.lowest_free(64), 200);
    EXPECT_EQ(table.lowest_free(1000), 1000);
    table.close(130, at(1));
    table.close(64, at(1));
    EXPECT_EQ(table.lowest_free(0), 64);
    EXPECT_EQ(table.lowest_free(64), 64);
    EXPECT_EQ(table.lowest_free(65), 130);
    EXPECT_EQ(table.lowest_free(131), 200);
    table.open(64, entry(1));
    EXPECT_EQ(table.lowest_free(0), 130);
}

TEST(NumberTable, TakesLargeNumbers) {
    NumberTable table;
    for (const int fd : {0, 1'000'000, kHighest}) table.open(fd, entry(1));
    EXPECT_EQ(numbers_of(table), (std::vector<int>{0, 1'000'000, kHighest}));
    EXPECT_EQ(numbers_of(table, 1, kHighest - 1), std::vector<int>{1'000'000});
    EXPECT_EQ(numbers_of(table, 5, 4), std::vector<int>{});
    EXPECT_EQ(table.lowest_free(1'000'000), 1'000'001);
    table.close(kHighest, at(1));
    EXPECT_EQ(table.lowest_free(kHighest), kHighest);
}

TEST(NumberTable, OneCanBeClosedWhileAllAreVisited) {
    NumberTable table;
    for (int fd = 0; fd < 10'000; fd += 3) table.open(fd, entry(1));
    int visited = 0;
    table.for_each(0, kHighest, [&](int fd, NumberEntry&) {
        ++visited;
        if (fd % 2 == 0) table.close(fd, at(1));
    });
    EXPECT_EQ(visited, 3334);
    for (const int fd : numbers_of(table)) EXPECT_EQ(fd % 2, 1) << fd;
    EXPECT_EQ(table.size(), 1667U);
}

/// A reference: the same, slowly.
struct Reference {
    std::map<int, std::uint64_t> open;

    [[nodiscard]] int lowest_free(int from) const {
        while (open.contains(from)) ++from;
        return from;
    }
    [[nodiscard]] std::vector<int> numbers(int first, int last) const {
        std::vector<int> numbers;
        for (const auto& [fd, id] : open)
            if (fd >= first && fd <= last) numbers.push_back(fd);
        return numbers;
    }
};

TEST(NumberTable, DoesAsAMapDoes) {
    std::mt19937 random(12);
    const auto below = [&](int limit) {
        return static_cast<int>(random() % static_cast<unsigned>(limit));
    };
    NumberTable table;
    Reference reference;
    for (int step = 1; step < 20'000; ++step) {
        const int scattered = below(4) == 0 ? below(40'000) : below(150);
        if (below(5) < 3) {
            const int fd = below(2) == 0 ? table.lowest_free(0) : scattered;
            table.open(fd, entry(static_cast<std::uint64_t>(step)));
            reference.open[fd] = static_cast<std::uint64_t>(step);
        } else {
            table.close(scattered, at(step));
            reference.open.erase(scattered);
        }
        const int fd = below(200);
        ASSERT_EQ(table.lowest_free(scattered), reference.lowest_free(scattered)) << step;
        ASSERT_EQ(table.lowest_free(0), reference.lowest_free(0)) << step;
        ASSERT_EQ(table.size(), reference.open.size()) << step;
        const NumberEntry* found = table.find(fd);
        ASSERT_EQ(found == nullptr ? 0 : found->id,
                  reference.open.contains(fd) ? reference.open[fd] : 0)
            << step;
        if (step % 100 == 0) {
            ASSERT_EQ(numbers_of(table, fd, scattered), reference.numbers(fd, scattered));
        }
    }
}

}  // namespace
}  // namespace logfia
