#include "support/temp_dir.hpp"
#include <logfia/base/waiter.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

/// Longer than any test needs to wait for a descriptor that is ready.
constexpr Duration kPatience = seconds(20);

class WaiterTest : public testing::Test {
  protected:
    /// Descriptors and what they are ready for.
    std::vector<std::pair<int, short>> wait(std::optional<Duration> timeout = kPatience) {
        std::vector<std::pair<int, short>> list;
        const auto ready = waiter_->wait(timeout, nullptr);
        if (!ready) throw std::runtime_error(describe(ready.error()));
        for (const pollfd& one : *ready) list.emplace_back(one.fd, one.revents);
        return list;
    }
    static UniqueFd open_for_writing(const std::string& path) {
        return UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    static UniqueFd readable() { return UniqueFd(eventfd(1, EFD_CLOEXEC)); }

    Result<Waiter> waiter_ = Waiter::create();
};

TEST_F(WaiterTest, WhatEpollRefusesIsAlwaysReady) {
    const test::TempDir directory;
    for (const std::string& path : {std::string("/dev/null"), std::string("/dev/zero"),
                                    std::string("/dev/full"), directory.path("file")}) {
        const UniqueFd fd = open_for_writing(path);
        ASSERT_TRUE(fd) << path;
        waiter_->want(fd.get(), POLLOUT);
        for (int i = 0; i < 2; ++i)
            EXPECT_THAT(wait(), UnorderedElementsAre(Pair(fd.get(), POLLOUT))) << path;
        EXPECT_THAT(wait(Duration::zero()), UnorderedElementsAre(Pair(fd.get(), POLLOUT)));
        EXPECT_THAT(wait(std::nullopt), UnorderedElementsAre(Pair(fd.get(), POLLOUT)));
        waiter_->forget(fd.get());
        EXPECT_THAT(wait(milliseconds(1)), IsEmpty()) << path;
    }
}

TEST_F(WaiterTest, NothingIsReadyForNothing) {
    const UniqueFd fd = open_for_writing("/dev/null");
    waiter_->want(fd.get(), 0);
    EXPECT_THAT(wait(milliseconds(1)), IsEmpty());
    waiter_->want(fd.get(), POLLOUT);
    EXPECT_THAT(wait(), UnorderedElementsAre(Pair(fd.get(), POLLOUT)));
    waiter_->want(fd.get(), 0);
    EXPECT_THAT(wait(milliseconds(1)), IsEmpty());
}

TEST_F(WaiterTest, WhatIsAlwaysReadyHidesNobody) {
    const UniqueFd always = open_for_writing("/dev/null");
    const UniqueFd other = readable();
    waiter_->want(always.get(), POLLOUT);
    waiter_->want(other.get(), POLLIN);
    for (int i = 0; i < 2; ++i)
        EXPECT_THAT(wait(),
                    UnorderedElementsAre(Pair(always.get(), POLLOUT), Pair(other.get(), POLLIN)));
    waiter_->forget(always.get());
    EXPECT_THAT(wait(), UnorderedElementsAre(Pair(other.get(), POLLIN)));
}

TEST_F(WaiterTest, WhatIsClosedIsForgotten) {
    UniqueFd always = open_for_writing("/dev/null");
    UniqueFd other = readable();
    waiter_->want(always.get(), POLLOUT);
    waiter_->want(other.get(), POLLIN);
    always.reset();
    other.reset();
    EXPECT_THAT(wait(milliseconds(1)), IsEmpty());
    EXPECT_THAT(wait(milliseconds(1)), IsEmpty());
}

/// As a resolver uses it.
TEST_F(WaiterTest, WhatIsWantedInsteadReplacesWhatWas) {
    const UniqueFd always = open_for_writing("/dev/null");
    const UniqueFd other = readable();
    waiter_->want_instead(std::vector<pollfd>{{always.get(), POLLOUT, 0}});
    EXPECT_THAT(wait(), UnorderedElementsAre(Pair(always.get(), POLLOUT)));
    waiter_->want_instead(std::vector<pollfd>{{other.get(), POLLIN, 0}});
    EXPECT_THAT(wait(), UnorderedElementsAre(Pair(other.get(), POLLIN)));
}

TEST_F(WaiterTest, OneWaitsForAnother) {
    Result<Waiter> inner = Waiter::create();
    ASSERT_TRUE(inner);
    waiter_->want(inner->fd(), POLLIN);
    EXPECT_THAT(wait(milliseconds(0)), IsEmpty());
    EXPECT_THAT(inner->ready_now(), IsEmpty());
    const UniqueFd fd = readable();
    inner->want(fd.get(), POLLIN);
    EXPECT_THAT(wait(), UnorderedElementsAre(Pair(inner->fd(), POLLIN)));
    ASSERT_EQ(inner->ready_now().size(), 1U);
    EXPECT_EQ(inner->ready_now().front().fd, fd.get());
    inner->forget(fd.get());
    EXPECT_THAT(wait(milliseconds(0)), IsEmpty());
}

}  // namespace
}  // namespace logfia
