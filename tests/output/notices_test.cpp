#include "output/pipes.hpp"
#include <logfia/output/notices.hpp>

#include <csignal>
#include <string>

namespace logfia {
namespace {

using test::make_pipe;
using test::read_now;

TEST(Notices, WritesOneSafeLineEach) {
    const auto pipe = make_pipe();
    Notices notices(pipe.write.get());
    notices.notice("process 42 is gone");
    notices.error("a\nb\x1b[2J");
    EXPECT_EQ(read_now(pipe.read.get()), "logfia: process 42 is gone\nlogfia: a\\nb\\x1b[2J\n");
}

TEST(Notices, QuietKeepsErrors) {
    const auto pipe = make_pipe();
    Notices notices(pipe.write.get(), Verbosity::quiet);
    notices.notice("nothing");
    notices.error("disk full");
    EXPECT_EQ(read_now(pipe.read.get()), "logfia: disk full\n");
}

TEST(Notices, AStalledReaderBlocksNothingAndLearnsWhatWasDropped) {
    const auto pipe = make_pipe();
    const int flags = ::fcntl(pipe.write.get(), F_GETFL);
    Notices notices(pipe.write.get());
    const std::string text(1000, 'x');
    for (int i = 0; i < 200; ++i) notices.notice(text);
    EXPECT_LE(notices.pending(), Notices::kMaxPending + text.size() + 10);
    EXPECT_EQ(::fcntl(pipe.write.get(), F_GETFL), flags);
    std::string got;
    while (notices.pending() > 0) {
        got += read_now(pipe.read.get());
        notices.flush();
    }
    got += read_now(pipe.read.get());
    notices.notice("done");
    got += read_now(pipe.read.get());
    const auto last = got.rfind("logfia: ", got.size() - 14);
    EXPECT_NE(got.substr(last).find(" lines for standard error were dropped"), std::string::npos);
    EXPECT_EQ(got.substr(got.size() - 13), "logfia: done\n");
}

TEST(Notices, NobodyToTellIsNoError) {
    const auto old = std::signal(SIGPIPE, SIG_IGN);
    auto pipe = make_pipe();
    Notices notices(pipe.write.get());
    pipe.read.reset();
    notices.error("one");
    notices.error("two");
    EXPECT_EQ(notices.pending(), 0U);
    std::signal(SIGPIPE, old);
    Notices closed(-1);
    closed.error("three");
    EXPECT_EQ(closed.pending(), 0U);
}

}  // namespace
}  // namespace logfia
