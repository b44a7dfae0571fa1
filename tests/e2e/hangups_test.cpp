// Peers of TCP connections that close their sides, and files that an io_uring holds.

#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace logfia::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

/// A client and, in another process, the server that hangs up.
struct Connection {
    FdMaker client;
    FdMaker server;
    int fd = -1;
    int accepted = -1;

    Connection() {
        const auto listener = server.numbers("tcp-listen");
        fd = client.fd(fmt::format("tcp-connect 127.0.0.1 {}", listener.at(1)));
        accepted = server.fd(fmt::format("accept {}", listener.at(0)));
    }
    void hang_up() { server.ask(fmt::format("close {}", accepted)); }
};

TEST(Hangups, AreToldWhileTheProcessSleeps) {
    for (const char* how : {"-q", "--no-dup"}) {
        Connection made;
        LogfiaRun run(watch_arguments(made.client, {"-j", "-d", "5", "-e", "open,hangup", how}));
        RecordStream records(run);
        EXPECT_EQ(records.next("open", made.fd)["state"], "established");
        made.hang_up();
        const JsonRecord hangup = records.next("hangup", made.fd);
        EXPECT_EQ(hangup["state"], "close_wait");
        EXPECT_EQ(hangup["type"], "tcp");
        EXPECT_EQ(run.interrupt(), 0);
        EXPECT_EQ(only(json_records(run), "hangup").size(), 1U) << how;
    }
}

TEST(Hangups, AreToldOfWhatWasHalfClosedBefore) {
    Connection made;
    made.hang_up();
    made.client.ask(fmt::format("receive {} 1", made.fd));
    LogfiaRun run(watch_arguments(made.client, {"-l", "-d", "5", "-e", "open,hangup"}));
    ASSERT_TRUE(run.wait_for_line(" hangup "));
    EXPECT_EQ(run.interrupt(), 0);
    const std::string hangup = run.lines().back();
    EXPECT_THAT(hangup, HasSubstr(fmt::format("[{}] {}u socket:[", made.client.pid(), made.fd)));
    EXPECT_THAT(hangup, EndsWith(" - CLOSE_WAIT"));
}

TEST(Hangups, AreNotToldUnlessAskedFor) {
    Connection made;
    LogfiaRun run(watch_arguments(made.client, {"-j", "-d", "5", "--leaks"}));
    RecordStream records(run);
    records.next("open", made.fd);
    made.hang_up();
    made.client.ask(fmt::format("receive {} 1", made.fd));
    ASSERT_TRUE(wait_for_looks(run, 100));
    made.client.ask(fmt::format("close {}", made.fd));
    EXPECT_EQ(records.next("close", made.fd)["state"], "close_wait") << "noticed for --leaks";
    EXPECT_EQ(run.interrupt(), 0);
    EXPECT_TRUE(only(json_records(run), "hangup").empty());
}

TEST(RegisteredFiles, AreTargetsOfTheIoUring) {
    const TempDir directory;
    FdMaker maker;
    int ring = -1;
    try {
        ring = maker.fd("io_uring");
    } catch (const FdMakerError& error) {
        GTEST_SKIP() << "no io_uring here: " << error.what();
    }
    const std::string path = directory.path("a file");
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5"}));
    RecordStream records(run);
    EXPECT_FALSE(records.next("open", ring).has("targets"));
    const int file = maker.fd("open " + as_word(path) + " rw create");
    records.next("open", file);
    const int socket = maker.fd("udp");
    maker.ask(fmt::format("io_uring-register {} {} {}", ring, file, socket));
    maker.ask(fmt::format("close {}", file));
    maker.ask("unlink " + as_word(path));
    records.next("close", file);
    // Asked for once a second, while the process has run.
    ASSERT_TRUE(wait_for_looks(run, 300));
    records.next("open", maker.fd("eventfd"));
    maker.ask(fmt::format("close {}", ring));
    const std::string targets = records.next("close", ring)["targets"];
    EXPECT_THAT(targets, HasSubstr("a file"));
    EXPECT_EQ(run.interrupt(), 0);
}

}  // namespace
}  // namespace logfia::test
