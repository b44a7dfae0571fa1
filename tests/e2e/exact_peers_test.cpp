// Exact: the process at the other end of a unix socket.

#include "support/exact.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

namespace logfia::test {
namespace {

/// A command of two processes, each of which is an fd_maker.
class ExactPeers : public ExactTest {
  protected:
    void SetUp() override {
        ExactTest::SetUp();
        if (IsSkipped()) return;
        for (const std::string& fifo : {in_, out_}) ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
        const std::string program = FdMaker::default_program();
        const std::string both = fmt::format("{0} <{1} >{2} & exec {0}", program, in_, out_);
        std::vector<std::string> argv{LogfiaRun::program(), "-f", "-j", "--utc", "-o",
                                      records_.path()};
        for (const std::string& word : words({}, {"/bin/sh", "-c", both})) argv.push_back(word);
        client_.emplace(argv);
        server_.emplace(std::vector<std::string>{"/bin/sh", "-c",
                                                 fmt::format("cat <{} & exec cat >{}", out_, in_)});
        const JsonRecord opens =
            records_.wait_for([this](const JsonRecord& record) { return record["name"] == in_; });
        server_pid_ = opens["pid"];
        client_pid_ = records_.all().front()["pid"];
    }
    void end() {
        server_->ask("exit 0");
        EXPECT_EQ(client_->end(), 0);
    }
    /// The peer in the record of such a socket: `client`, `server`, `made by server`, `-` for none.
    [[nodiscard]] std::string peer_in(const std::string& event, const std::string& pid, int fd,
                                      const char* type = "stream") const {
        const JsonRecord record = records_.wait_for([&](const JsonRecord& one) {
            return one["event"] == event && one["pid"] == pid && one["fd"] == std::to_string(fd) &&
                   one["socket_type"] == type;
        });
        if (!record.has("peer_pid")) return "-";
        const std::string peer = record["peer_pid"];
        return std::string(record.has("peer_made_by") ? "made by " : "") +
               (peer == client_pid_   ? "client"
                : peer == server_pid_ ? "server"
                                      : peer);
    }

    std::string in_ = directory_.path("in");
    std::string out_ = directory_.path("out");
    std::string path_ = directory_.path("socket");
    std::optional<FdMaker> client_;
    std::optional<FdMaker> server_;
    std::string client_pid_;
    std::string server_pid_;
};

TEST_F(ExactPeers, WhoAcceptsIsThePeerFromThenOn) {
    const int listener = server_->fd("unix-listen " + path_);
    const int fd = client_->fd("unix-connect " + path_);
    const int accepted = server_->fd(fmt::format("accept {}", listener));
    server_->ask("pipe");  // another call: the one before is known to be over
    client_->ask(fmt::format("close {}", fd));
    server_->ask(fmt::format("close {}", accepted));
    end();
    EXPECT_EQ(peer_in("connect", client_pid_, fd), "made by server") << "it has not accepted yet";
    EXPECT_EQ(peer_in("open", server_pid_, accepted), "client");
    EXPECT_EQ(peer_in("close", client_pid_, fd), "server");
    EXPECT_EQ(peer_in("close", server_pid_, accepted), "client");
}

/// Whether the server has called again by then, or has not.
TEST_F(ExactPeers, AClientThatClosesAtOnceHasItsPeer) {
    const int listener = server_->fd("unix-listen " + path_);
    const int fd = client_->fd("unix-connect " + path_);
    const int accepted = server_->fd(fmt::format("accept {}", listener));
    client_->ask(fmt::format("close {}", fd));
    end();
    EXPECT_EQ(peer_in("close", client_pid_, fd), "server");
    EXPECT_EQ(peer_in("close", server_pid_, accepted), "client");
}

/// The kernel tells who has made an end, not who has been given it.
TEST_F(ExactPeers, WhoWasGivenTheOtherEndIsThePeer) {
    const int listener = server_->fd("unix-listen " + path_);
    const int to_server = client_->fd("unix-connect " + path_);
    const int to_client = server_->fd(fmt::format("accept {}", listener));
    for (const char* type : {"stream", "dgram", "seqpacket"}) {
        const auto pair = client_->numbers(std::string("socketpair ") + type);
        client_->ask(fmt::format("hand-over {} {}", to_server, pair.at(1)));
        const int given = server_->fd(fmt::format("take-over {}", to_client));
        client_->ask(fmt::format("close {}", pair.at(1)));
        server_->ask("pipe");  // at its next call, what has come in the message is noticed
        client_->ask(fmt::format("close {}", pair.at(0)));
        EXPECT_EQ(peer_in("open", server_pid_, given, type), "client") << type;
        EXPECT_EQ(peer_in("close", client_pid_, pair.at(0), type), "server") << type;
    }
    end();
}

class ExactInherited : public ExactTest {};

/// A descriptor that a child has from its parent is not told, but known.
TEST_F(ExactInherited, AChildThatHasTheOtherEndFromItsParentIsThePeer) {
    ExactMaker exact({"-j", "-f"});
    FdMaker& maker = exact.maker();
    const auto pair = maker.numbers("socketpair");
    const std::string child = maker.ask("fork-exec /bin/sleep 1000").at(0);
    maker.ask(fmt::format("close {}", pair.at(1)));
    maker.ask(fmt::format("close {}", pair.at(0)));
    const JsonRecord close = exact.next("close", pair.at(0));
    EXPECT_EQ(close["peer_pid"], child);
    EXPECT_FALSE(close.has("peer_made_by"));
    maker.ask("kill-child " + child);
    EXPECT_EQ(exact.end(), 0);
}

}  // namespace
}  // namespace logfia::test
