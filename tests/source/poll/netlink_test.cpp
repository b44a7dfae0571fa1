#include "support/event_parts.hpp"
#include "support/event_sinks.hpp"
#include <logfia/process/open_processes.hpp>
#include <logfia/source/poll/poller.hpp>

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

namespace logfia {
namespace {

using test::fd_of;

/// A child with a netlink socket that it binds on command.
class LateBinder {
  public:
    LateBinder() {
        if (pipe(orders_) != 0 || pipe(answers_) != 0) throw std::runtime_error("pipe");
        pid_ = fork();
        if (pid_ == 0) work();
        take_answer();
    }
    ~LateBinder() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        for (const int fd : {orders_[0], orders_[1], answers_[0], answers_[1]}) close(fd);
    }
    LateBinder(const LateBinder&) = delete;
    LateBinder& operator=(const LateBinder&) = delete;

    void bind_now() {
        EXPECT_EQ(write(orders_[1], "b", 1), 1);
        take_answer();
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    [[noreturn]] void work() {
        const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
        char byte = 'r';
        bool good = write(answers_[1], &byte, 1) == 1 && read(orders_[0], &byte, 1) == 1;
        sockaddr_nl address{};
        address.nl_family = AF_NETLINK;
        good = good && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
               write(answers_[1], &byte, 1) == 1;
        while (good) pause();
        _exit(1);
    }
    void take_answer() {
        char byte = 0;
        EXPECT_EQ(read(answers_[0], &byte, 1), 1);
    }

    int orders_[2];
    int answers_[2];
    pid_t pid_ = -1;
};

TEST(Netlink, ASocketThatIsBoundLaterIsLearnedThen) {
    LateBinder child;
    auto root = ProcRoot::open("/proc");
    const pid_t pids[] = {child.pid()};
    OpenedProcesses opened = open_processes(*root, pids, DescriptorBudget(std::size(pids)));
    ASSERT_EQ(opened.processes.size(), 1U);
    Numbers numbers;
    PollerOptions options;
    options.interval = std::chrono::milliseconds(1);
    Poller poller(std::move(*root), options, numbers);
    poller.processes().add(std::move(opened.processes[0]));
    test::KeptEvents kept;
    Now now = read_clocks();
    poller.look(now, kept);
    child.bind_now();
    // Several looks: the child's CPU clock may not advance for a while when it runs on another CPU,
    // and then the socket is not asked until the pauses have grown.
    for (int i = 0; i < 20; ++i) {
        now.steady += std::chrono::seconds(10);
        poller.look(now, kept);
    }
    kept.events.clear();

    kill(child.pid(), SIGKILL);
    siginfo_t info;
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
    const std::vector<int> pidfds = poller.processes().pidfds().collect_new();
    ASSERT_EQ(pidfds.size(), 1U);
    const pollfd ready{pidfds[0], POLLIN, POLLIN};
    EXPECT_TRUE(poller.reap(std::span(&ready, 1), now, kept));
    for (const Event& event : kept.events) {
        if (fd_of(event).descriptor.type != FdType::netlink) continue;
        ASSERT_NE(fd_of(event).descriptor.socket, nullptr);
        EXPECT_EQ(fd_of(event).descriptor.socket->protocol, "route");
        return;
    }
    FAIL() << "no netlink socket among " << kept.events.size() << " closes";
}

}  // namespace
}  // namespace logfia
