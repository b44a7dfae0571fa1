#include <logfia/source/seccomp/change_queue.hpp>

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

namespace logfia {
namespace {

constexpr int kDeadline = 60'000;  // milliseconds

SteadyTime second(int seconds) {
    return SteadyTime(std::chrono::seconds(seconds));
}

Change change(std::uint64_t number) {
    return {{}, TableEnded{number}};
}

class ChangeQueueTest : public testing::Test {
  protected:
    [[nodiscard]] bool is_ready(int timeout = 0) const {
        pollfd one{queue->ready_fd(), POLLIN, 0};
        return poll(&one, 1, timeout) == 1;
    }

    std::unique_ptr<ChangeQueue> queue = std::move(*ChangeQueue::create());
};

TEST_F(ChangeQueueTest, HandsOverAllInOrder) {
    queue->push(change(1));
    queue->push(change(2));
    queue->settled_until(second(4));
    const auto batch = queue->take();
    ASSERT_EQ(batch.changes.size(), 2U);
    EXPECT_EQ(std::get<TableEnded>(batch.changes[0].what).table, 1U);
    EXPECT_EQ(std::get<TableEnded>(batch.changes[1].what).table, 2U);
    EXPECT_EQ(batch.settled_until, second(4));
    EXPECT_FALSE(batch.finished);
    const auto next = queue->take();
    EXPECT_TRUE(next.changes.empty());
    EXPECT_EQ(next.settled_until, second(4)) << "once settled, settled for good";
}

TEST_F(ChangeQueueTest, WakesAReaderThatWantsIt) {
    EXPECT_FALSE(is_ready());
    queue->push(change(1));
    EXPECT_FALSE(is_ready()) << "until wake()";
    queue->wake();
    EXPECT_TRUE(is_ready());
    queue->take();
    EXPECT_FALSE(is_ready());
}

TEST_F(ChangeQueueTest, WakesNobodyForNothing) {
    queue->wake();
    EXPECT_FALSE(is_ready());
}

TEST_F(ChangeQueueTest, WakesNobodyWhoLooksByItself) {
    queue->push(change(1));
    queue->wake();
    queue->take();
    queue->push(change(2));
    queue->wake();
    EXPECT_FALSE(is_ready());
    queue->wait_for_wake_up();
    EXPECT_TRUE(is_ready()) << "there is something already";
}

TEST_F(ChangeQueueTest, AReaderThatMayNotReadIsNotWokenAgain) {
    queue->push(change(1));
    queue->wake();
    queue->note_wake_up();
    EXPECT_FALSE(is_ready());
    queue->push(change(2));
    queue->wake();
    EXPECT_FALSE(is_ready());
    EXPECT_EQ(queue->take().changes.size(), 2U);
}

TEST_F(ChangeQueueTest, TheEndWakesTheReader) {
    queue->finish();
    EXPECT_TRUE(is_ready());
    EXPECT_TRUE(queue->take().finished);
    EXPECT_FALSE(is_ready());
    queue->wait_for_wake_up();
    EXPECT_TRUE(is_ready()) << "the end stays";
    EXPECT_TRUE(queue->take().finished);
}

TEST_F(ChangeQueueTest, CountsTheBytesThatWait) {
    EXPECT_EQ(queue->waiting(), 0U);
    queue->push(change(1));
    const std::size_t one = queue->waiting();
    EXPECT_GE(one, sizeof(Change));
    DescriptorOpened opened{};
    opened.descriptor.name = std::string(4000, 'x');
    queue->push({{}, std::move(opened)});
    EXPECT_GE(queue->waiting(), one + 4000);
    // The reader still has them.
    std::size_t bytes = 0;
    for (const Change& taken : queue->take().changes) bytes += size_of(taken);
    EXPECT_EQ(queue->waiting(), bytes);
    queue->done(bytes);
    EXPECT_EQ(queue->waiting(), 0U);
}

// The reader does as SeccompSource does: looks again as long as there was something, then waits.
TEST_F(ChangeQueueTest, NoWakeUpIsLost) {
    constexpr std::uint64_t kCount = 20'000;
    std::thread writer([&] {
        for (std::uint64_t i = 1; i <= kCount; ++i) {
            queue->push(change(i));
            if (i % 3 == 0) queue->wake();
            if (i % 64 == 0) std::this_thread::yield();
        }
        queue->finish();
    });
    std::uint64_t last = 0;
    bool in_order = true;
    bool in_time = true;
    for (bool finished = false; !finished && in_time;) {
        const auto batch = queue->take();
        finished = batch.finished;
        for (const Change& one : batch.changes)
            in_order = in_order && std::get<TableEnded>(one.what).table == ++last;
        if (!batch.changes.empty() || finished) continue;
        queue->wait_for_wake_up();
        in_time = is_ready(kDeadline);
    }
    writer.join();
    EXPECT_TRUE(in_time);
    EXPECT_TRUE(in_order);
    EXPECT_EQ(last, kCount);
}

}  // namespace
}  // namespace logfia
