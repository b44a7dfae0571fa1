// Tests of the harness that makes system calls fail by tracing.

#include "support/faulty_tracer.hpp"

#include "support/watching.hpp"

#include <gtest/gtest.h>

namespace logfia::test {
namespace {

/// `TracerPid` as the program itself reads it, and as its child does.
TEST(FaultyTracerTest, TracesTheProgramAndNotItsChildren) {
    if (const auto reason = FaultyTracer::why_not(); !reason.empty()) GTEST_SKIP() << reason;
    FaultyTracer tracer;
    ChildOptions options;
    options.tracer = tracer.socket();
    FdMaker maker(options);
    EXPECT_NE(status_line(maker.pid(), "TracerPid"), "0");
    const int child = maker.numbers("fork").at(0);
    EXPECT_EQ(status_line(child, "TracerPid"), "0");
    maker.end();
}

/// A stop of the whole program goes on until somebody continues it.
TEST(FaultyTracerTest, LetsSignalsThrough) {
    if (const auto reason = FaultyTracer::why_not(); !reason.empty()) GTEST_SKIP() << reason;
    FaultyTracer tracer;
    ChildOptions options;
    options.tracer = tracer.socket();
    FdMaker maker(options);
    maker.ask("help");
    maker.child().signal(SIGSTOP);
    maker.child().signal(SIGCONT);
    maker.ask("help");
    maker.child().signal(SIGTERM);
    EXPECT_EQ(maker.child().wait(), 128 + SIGTERM);
}

}  // namespace
}  // namespace logfia::test
