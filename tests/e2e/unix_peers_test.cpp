// The process at the other end of a unix socket, when a service manager has handed its listener
// over.

#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logfia::test {
namespace {

using testing::Contains;
using testing::HasSubstr;

class HandedOverListener : public ::testing::Test {
  protected:
    HandedOverListener() {
        manager_.ask("comm manager");
        server_.ask("comm realserver");
        client_.ask("comm client");
        const int listener = manager_.fd("unix-listen " + path_);
        const int meeting = manager_.fd("unix-listen " + directory_.path("meeting"));
        const int to_manager = server_.fd("unix-connect " + directory_.path("meeting"));
        const int to_server = manager_.fd(fmt::format("accept {}", meeting));
        manager_.ask(fmt::format("hand-over {} {}", to_server, listener));
        listener_ = server_.fd(fmt::format("take-over {}", to_manager));
        for (const int fd : {listener, meeting, to_server})
            manager_.ask(fmt::format("close {}", fd));
        server_.ask(fmt::format("close {}", to_manager));
    }
    int accept() { return server_.fd(fmt::format("accept {}", listener_)); }
    [[nodiscard]] std::vector<std::string> all(std::vector<std::string> more) const {
        more.insert(more.end(), {"-p", client_.pid_text(), "-p", server_.pid_text()});
        return watch_arguments(manager_, std::move(more));
    }
    static JsonRecord socket_of(const FdMaker& maker, int fd,
                                const std::vector<std::string>& arguments) {
        const Outcome outcome = outcome_of(arguments);
        for (const std::string& line : outcome.lines) {
            JsonRecord record(line);
            if (record["pid"] == maker.pid_text() && record["fd"] == std::to_string(fd))
                return record;
        }
        throw std::runtime_error("it is not shown: " + outcome.errors);
    }

    TempDir directory_;
    std::string path_ = directory_.path("socket");
    FdMaker manager_;
    FdMaker server_;
    FdMaker client_;
    int listener_ = -1;
};

TEST_F(HandedOverListener, ThePeerIsWhoAccepted) {
    const int fd = client_.fd("unix-connect " + path_);
    const int accepted = accept();
    for (const char* how : {"-q", "--no-dup"}) {
        const auto arguments = all({"-j", "--once", how});
        const JsonRecord at_client = socket_of(client_, fd, arguments);
        EXPECT_EQ(at_client["peer_pid"], server_.pid_text()) << how;
        EXPECT_EQ(at_client["peer_comm"], "realserver");
        EXPECT_FALSE(at_client.has("peer_made_by"));
        const JsonRecord at_server = socket_of(server_, accepted, arguments);
        EXPECT_EQ(at_server["peer_pid"], client_.pid_text()) << how;
        EXPECT_EQ(at_server["peer_comm"], "client");
        EXPECT_FALSE(at_server.has("peer_made_by"));
    }
    EXPECT_THAT(
        outcome_of(all({"--once"})).lines,
        Contains(HasSubstr(fmt::format(" unix {} realserver[{}]", path_, server_.pid_text()))));
}

TEST_F(HandedOverListener, TheMakerIsMarkedWhereThePeerIsNotWatched) {
    const int fd = client_.fd("unix-connect " + path_);
    accept();
    const JsonRecord at_client = socket_of(client_, fd, watch_arguments(client_, {"-j", "--once"}));
    EXPECT_EQ(at_client["peer_pid"], manager_.pid_text());
    EXPECT_EQ(at_client["peer_made_by"], "true");
    const std::string maker = at_client.has("peer_comm") ? "manager" : "-";
    EXPECT_THAT(outcome_of(watch_arguments(client_, {"--once"})).lines,
                Contains(HasSubstr(
                    fmt::format(" unix {} made by {}[{}]", path_, maker, manager_.pid_text()))));
    // Once the manager has ended, its PID may belong to another process.
    manager_.end();
    if (!at_client.has("peer_comm")) GTEST_SKIP() << "Linux before 6.5 does not make it certain";
    EXPECT_FALSE(
        socket_of(client_, fd, watch_arguments(client_, {"-j", "--once"})).has("peer_pid"));
}

TEST_F(HandedOverListener, WhoAcceptsLaterIsThePeerFromThenOn) {
    LogfiaRun run(all({"-j", "-d", "5"}));
    RecordStream records(run);
    records.next("open", listener_);
    const int fd = client_.fd("unix-connect " + path_);
    const auto is_at_client = [&](const char* event) {
        return [this, event, fd](const JsonRecord& record) {
            return record["event"] == event && record["pid"] == client_.pid_text() &&
                   record["fd"] == std::to_string(fd) && record["type"] == "unix";
        };
    };
    const JsonRecord open = records.next(is_at_client("open"));
    EXPECT_EQ(open["peer_pid"], manager_.pid_text()) << "nobody has accepted";
    EXPECT_EQ(open["peer_made_by"], "true");
    const int accepted = accept();
    const JsonRecord other = records.next([&](const JsonRecord& record) {
        return record["pid"] == server_.pid_text() && record["fd"] == std::to_string(accepted);
    });
    EXPECT_EQ(other["peer_pid"], client_.pid_text());
    EXPECT_FALSE(other.has("peer_made_by"));
    client_.ask(fmt::format("close {}", fd));
    const JsonRecord close = records.next(is_at_client("close"));
    EXPECT_EQ(close["peer_pid"], server_.pid_text());
    EXPECT_FALSE(close.has("peer_made_by"));
    EXPECT_EQ(run.interrupt(), 0);
}

}  // namespace
}  // namespace logfia::test
