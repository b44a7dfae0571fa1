#include <logfia/process/candidates.hpp>

#include <gmock/gmock.h>

#include <utility>
#include <vector>

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Pids = std::vector<pid_t>;

class CandidatesTest : public ::testing::Test {
  protected:
    /// The PIDs that are judged, each of which is unwanted unless it is `wanted_`.
    Pids judge(const Pids& listed, Duration later) {
        Pids judged;
        candidates_.judge(listed, start_ + later, [&](pid_t pid) {
            judged.push_back(pid);
            return pid != wanted_;
        });
        return judged;
    }

    Candidates candidates_;
    SteadyTime start_{seconds(1000)};
    pid_t wanted_ = 0;
};

TEST_F(CandidatesTest, NewOnesAreJudgedAtOnceAndOthersAfterAPause) {
    EXPECT_THAT(judge({10, 20}, Duration{}), ElementsAre(10, 20));
    EXPECT_THAT(judge({10, 15, 20}, Duration{}), ElementsAre(15));
    EXPECT_THAT(judge({10, 15, 20}, Candidates::kFirstPause), ElementsAre(10, 15, 20));
}

TEST_F(CandidatesTest, ThePauseDoublesUpToTheLongest) {
    std::vector<Duration> judged_at;
    for (Duration at{}; at < seconds(10); at += milliseconds(1))
        if (!judge({10}, at).empty()) judged_at.push_back(at);
    ASSERT_GT(judged_at.size(), 4U);
    EXPECT_EQ(judged_at[1] - judged_at[0], Candidates::kFirstPause);
    EXPECT_EQ(judged_at[2] - judged_at[1], 2 * Candidates::kFirstPause);
    EXPECT_EQ(judged_at[3] - judged_at[2], 4 * Candidates::kFirstPause);
    EXPECT_EQ(judged_at.back() - judged_at[judged_at.size() - 2], Candidates::kLongestPause);
}

TEST_F(CandidatesTest, ThoseThatAreWantedAreNoCandidatesAnyMore) {
    wanted_ = 10;
    EXPECT_THAT(judge({10}, Duration{}), ElementsAre(10));
    EXPECT_THAT(judge({10}, Duration{}), ElementsAre(10)) << "the caller knows what it watches";
}

TEST_F(CandidatesTest, WhoeverIsNotListedIsForgotten) {
    judge({10, 20}, Duration{});
    EXPECT_THAT(judge({20}, Duration{}), IsEmpty());
    EXPECT_THAT(judge({10, 20}, Duration{}), ElementsAre(10)) << "the number is another's now";
}

}  // namespace
}  // namespace logfia
