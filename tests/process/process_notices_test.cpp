#include "support/event_sinks.hpp"
#include <logfia/process/process_notices.hpp>

#include <gmock/gmock.h>

#include <cerrno>

namespace logfia {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Why = PendingProcess::Why;

class ProcessNoticesTest : public ::testing::Test {
  protected:
    void tell(Why why, int code) {
        notices_.pending(why, {"cannot watch", "process 7", code, {}}, sink_);
    }

    WantedProcesses wanted_;
    ProcessNotices notices_{wanted_};
    test::KeptEvents sink_;
};

TEST_F(ProcessNoticesTest, TenOfEachKindAreToldAndThenThatThereAreMore) {
    for (int i = 0; i < 20; ++i) tell(Why::denied, EACCES);
    EXPECT_THAT(sink_.notices, SizeIs(11));
    EXPECT_THAT(sink_.notices.front(), HasSubstr("cannot watch process 7: Permission denied"));
    EXPECT_THAT(sink_.notices.back(), HasSubstr("more processes may not be looked into"));
    for (int i = 0; i < 20; ++i) tell(Why::lacking, EMFILE);
    EXPECT_THAT(sink_.notices, SizeIs(22));
    EXPECT_THAT(sink_.notices[11], HasSubstr("logfia keeps trying while the process lives"));
}

TEST_F(ProcessNoticesTest, OfAllProcessesThoseThatAreDeniedAreTheNumberAtTheStart) {
    wanted_.all = true;
    tell(Why::denied, EACCES);
    EXPECT_THAT(sink_.notices, IsEmpty());
    notices_.start(1, 5, sink_);
    EXPECT_THAT(sink_.notices, ElementsAre(HasSubstr("1 process may not be looked into and is")));
    notices_.start(2, 5, sink_);
    EXPECT_THAT(sink_.notices.back(), HasSubstr("2 processes may not be looked into and are"));
}

TEST_F(ProcessNoticesTest, WhoeverWaitsForANameIsToldSo) {
    wanted_.names = {"a*", "b"};
    notices_.start(0, 1, sink_);
    EXPECT_THAT(sink_.notices, IsEmpty());
    notices_.start(0, 0, sink_);
    EXPECT_THAT(sink_.notices,
                ElementsAre("no process to watch is named 'a*' or 'b' yet: waiting"));
    wanted_.waits = false;
    notices_.start(0, 0, sink_);
    EXPECT_THAT(sink_.notices, SizeIs(1));
}

TEST_F(ProcessNoticesTest, AKernelWithoutChildrenFilesAndAFailedListingAreToldOnce) {
    for (int i = 0; i < 2; ++i) notices_.no_children_files(sink_);
    EXPECT_THAT(sink_.notices, ElementsAre(HasSubstr("CONFIG_PROC_CHILDREN")));
    for (int i = 0; i < 2; ++i) notices_.unlisted({"list", "all processes", EMFILE, {}}, sink_);
    EXPECT_THAT(sink_.notices, SizeIs(2));
    EXPECT_THAT(sink_.notices.back(), HasSubstr("cannot list all processes: Too many open files"));
}

}  // namespace
}  // namespace logfia
