// Tests of the test harness: the helper makes what it says, children end with their owner, and the
// fake tree looks like procfs.

#include "support/fake_proc.hpp"
#include "support/fd_maker_client.hpp"
#include "support/made_file.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace logfia::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
namespace fs = std::filesystem;

std::string link_of(pid_t pid, int fd) {
    return fs::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd)).string();
}

std::string content_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

struct Kind {
    const char* command;
    const char* link;  ///< a regular expression
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.command;
}

class FdMakerKinds : public testing::TestWithParam<Kind> {};

TEST_P(FdMakerKinds, ShowWhatTheyAreInProc) {
    FdMaker maker;
    int fd = -1;
    try {
        fd = maker.fd(with_made_files(GetParam().command));
    } catch (const FdMakerError& error) {
        GTEST_SKIP() << "this kernel or user cannot make it: " << error.what();
    }
    EXPECT_THAT(link_of(maker.pid(), fd), MatchesRegex(with_made_files(GetParam().link)));
}

INSTANTIATE_TEST_SUITE_P(
    All, FdMakerKinds,
    testing::Values(
        Kind{"open {file}", "{file}"}, Kind{"open / path dir", "/"},
        Kind{"open /dev/null rw cloexec", "/dev/null"}, Kind{"pipe", "pipe:.[0-9]+."},
        Kind{"tty", "/dev/pts/[0-9]+"}, Kind{"socketpair seqpacket", "socket:.[0-9]+."},
        Kind{"unix-listen @logfia-harness", "socket:.[0-9]+."},
        Kind{"tcp-listen", "socket:.[0-9]+."}, Kind{"tcp-socket 6", "socket:.[0-9]+."},
        Kind{"udp", "socket:.[0-9]+."}, Kind{"udp-bind", "socket:.[0-9]+."},
        Kind{"udp-connect 127.0.0.1 9", "socket:.[0-9]+."}, Kind{"udplite", "socket:.[0-9]+."},
        Kind{"raw", "socket:.[0-9]+."}, Kind{"icmp", "socket:.[0-9]+."},
        Kind{"netlink route", "socket:.[0-9]+."}, Kind{"packet", "socket:.[0-9]+."},
        Kind{"vsock", "socket:.[0-9]+."}, Kind{"mptcp", "socket:.[0-9]+."},
        Kind{"sctp", "socket:.[0-9]+."}, Kind{"eventfd", "anon_inode:.eventfd."},
        Kind{"epoll", "anon_inode:.eventpoll."}, Kind{"inotify /", "anon_inode:inotify"},
        Kind{"fanotify", "anon_inode:.fanotify."}, Kind{"signalfd", "anon_inode:.signalfd."},
        Kind{"timerfd", "anon_inode:.timerfd."}, Kind{"pidfd", "(anon_inode:.pidfd.|pidfd:.*)"},
        Kind{"io_uring", "anon_inode:.io_uring."}, Kind{"userfaultfd", "anon_inode:.userfaultfd."},
        Kind{"perf_event", "anon_inode:.perf_event."}, Kind{"bpf", "anon_inode:bpf-map"},
        Kind{"namespace net", "net:.[0-9]+."}, Kind{"memfd a\\x20b", "/memfd:a b .deleted."}),
    [](const auto& kind) {
        std::string name(kind.param.command);
        for (char& c : name)
            if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
        return name;
    });

TEST(FdMaker, OpensNamesOfAnyBytes) {
    const TempDir directory;
    FdMaker maker;
    const std::string name = directory.path("a b\n\\\"\x01\xff");
    const int fd = maker.fd("open " + as_word(name) + " rw create");
    EXPECT_EQ(link_of(maker.pid(), fd), name);
    const std::string moved = directory.path("moved");
    maker.ask("rename " + as_word(name) + " " + as_word(moved));
    EXPECT_EQ(link_of(maker.pid(), fd), moved);
    maker.ask("unlink " + as_word(moved));
    EXPECT_EQ(link_of(maker.pid(), fd), moved + " (deleted)");
}

TEST(FdMaker, ClosesReopensAndCopies) {
    FdMaker maker;
    const int fd = maker.fd("open " + made_file("passwd"));
    EXPECT_EQ(maker.fd("reopen " + std::to_string(fd) + " " + made_file("group")), fd);
    EXPECT_EQ(link_of(maker.pid(), fd), made_file("group"));
    const int copy = maker.fd("dup " + std::to_string(fd));
    EXPECT_NE(copy, fd);
    EXPECT_EQ(link_of(maker.pid(), copy), made_file("group"));
    maker.ask("close " + std::to_string(copy));
    EXPECT_THROW(link_of(maker.pid(), copy), fs::filesystem_error);
}

TEST(FdMaker, MakesFilesystemNodes) {
    const TempDir directory;
    FdMaker maker;
    const int fifo = maker.fd("mkfifo " + directory.path("fifo"));
    EXPECT_EQ(link_of(maker.pid(), fifo), directory.path("fifo"));
    maker.ask("make-symlink nowhere " + directory.path("link"));
    const int link = maker.fd("symlink " + directory.path("link"));
    EXPECT_EQ(link_of(maker.pid(), link), directory.path("link"));
}

TEST(FdMaker, ConnectsToItself) {
    FdMaker maker;
    const auto listener = maker.numbers("tcp-listen 127.0.0.1");
    const auto client = maker.numbers("tcp-connect 127.0.0.1 " + std::to_string(listener.at(1)));
    const auto server = maker.numbers("tcp-accept " + std::to_string(listener.at(0)));
    EXPECT_EQ(server.at(1), client.at(1));
    const auto pairs = maker.numbers("tcp-pairs 10");
    EXPECT_EQ(pairs.at(1) - pairs.at(0), 20);
    EXPECT_EQ(maker.numbers("many 100").at(1), pairs.at(1) + 100);
}

TEST(FdMaker, AnswersAnErrorWithItsNumber) {
    FdMaker maker;
    EXPECT_EQ(maker.attempt("open /nonexistent"), ENOENT);
    EXPECT_EQ(maker.attempt("close 99"), EBADF);
    EXPECT_EQ(maker.attempt("no-such-command"), EINVAL);
    EXPECT_EQ(maker.attempt("open"), EINVAL);
    EXPECT_EQ(maker.attempt("close x"), EINVAL);
    EXPECT_EQ(maker.attempt("open a\\q"), EINVAL);
    EXPECT_EQ(maker.end(7), 7);
}

TEST(FdMaker, GoesOnAnsweringWithoutItsFirstThread) {
    FdMaker maker;
    const int tid = maker.fd("thread-exit-leader");
    const std::string process = "/proc/" + maker.pid_text();
    EXPECT_THAT(content_of(process + "/stat"), HasSubstr(") Z "));
    const int fd = maker.fd("open " + made_file("passwd"));
    EXPECT_EQ(
        fs::read_symlink(process + "/task/" + std::to_string(tid) + "/fd/" + std::to_string(fd)),
        made_file("passwd"));
}

TEST(FdMaker, ThreadsMayHaveTablesOfTheirOwn) {
    FdMaker maker;
    const auto own = maker.numbers("thread-unshare " + made_file("passwd"));
    EXPECT_EQ(fs::read_symlink("/proc/" + maker.pid_text() + "/task/" + std::to_string(own.at(0)) +
                               "/fd/" + std::to_string(own.at(1))),
              made_file("passwd"));
    EXPECT_THROW(link_of(maker.pid(), own.at(1)), fs::filesystem_error);
}

TEST(FdMaker, AChildThatSharesTheTableChangesIt) {
    FdMaker maker;
    const auto child = maker.numbers("fork-shared");
    maker.ask("shared-open " + made_file("passwd"));
    const int expected = child.at(2) + 1;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::error_code missing;
    const std::string link = "/proc/" + maker.pid_text() + "/fd/" + std::to_string(expected);
    while (fs::read_symlink(link, missing) != made_file("passwd"))
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST(FdMaker, DoesNotOutliveItsOwner) {
    pid_t pid = 0;
    {
        FdMaker maker;
        pid = maker.pid();
        EXPECT_EQ(kill(pid, 0), 0);
    }
    EXPECT_EQ(kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

TEST(Child, HandsOverOutputErrorsAndStatus) {
    Child child({"/bin/sh", "-c", "read word; echo \"got $word\"; echo oops >&2; exit 5"},
                {.environment = {"UNUSED=1"}});
    child.write("it\n");
    EXPECT_EQ(child.read_line(), "got it");
    EXPECT_EQ(child.wait(), 5);
    EXPECT_EQ(child.errors(), "oops\n");
}

TEST(Child, ADeadlineIsKept) {
    Child child({"/bin/sh", "-c", "read forever"});
    EXPECT_EQ(child.read_line(std::chrono::milliseconds(1)), std::nullopt);
    EXPECT_EQ(child.wait(std::chrono::milliseconds(1)), std::nullopt);
    child.signal(SIGTERM);
    EXPECT_EQ(child.wait(), 128 + SIGTERM);
}

TEST(Child, AProgramThatIsNotThereIsAnError) {
    EXPECT_THROW(Child({"/nonexistent/program"}), std::system_error);
}

TEST(Child, MayRunAsNobody) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    Child child({"/bin/sh", "-c", "id -u"}, {.run_as = RunAs::nobody});
    EXPECT_EQ(child.read_line(), "65534");
    FdMaker maker({.run_as = RunAs::nobody});  // wherever the build tree lies
    EXPECT_THAT(content_of("/proc/" + maker.pid_text() + "/status"), HasSubstr("Uid:\t65534\t"));
    const TempDir directory;
    directory.open_to_all();
    const std::string ours = directory.file("ours");
    ASSERT_EQ(chmod(ours.c_str(), 0600), 0);
    EXPECT_EQ(maker.attempt("open " + ours), EACCES);
}

TEST(FakeProc, LooksLikeProcfs) {
    FakeProc proc;
    proc.add_process(42, "my (odd) comm");
    proc.open(42, 3, "/etc/hosts", {.pos = 7, .flags = 0100002});
    proc.open(42, 4, "socket:[31037]");
    EXPECT_EQ(fs::read_symlink(proc.path() + "/42/fd/3"), "/etc/hosts");
    EXPECT_THAT(content_of(proc.path() + "/42/fdinfo/3"), StartsWith("pos:\t7\nflags:\t0100002\n"));
    EXPECT_THAT(content_of(proc.path() + "/42/fdinfo/4"), HasSubstr("ino:\t31037\n"));
    EXPECT_THAT(content_of(proc.path() + "/42/stat"), StartsWith("42 (my (odd) comm) S 1 42 "));
    proc.retarget(42, 3, "/etc/hosts.old");
    EXPECT_EQ(fs::read_symlink(proc.path() + "/42/task/42/fd/3"), "/etc/hosts.old");
    proc.close(42, 3);
    proc.end(42);
    EXPECT_FALSE(fs::exists(proc.path() + "/42"));
    EXPECT_FALSE(fs::exists(proc.path() + "/self"));
}

TEST(FakeProc, ADeadLeadersTableIsAtItsThreads) {
    FakeProc proc;
    proc.add_process(42, "comm");
    proc.add_thread(42, 43);
    proc.open(42, 3, "/etc/hosts");
    proc.exit_leader(42);
    proc.open(42, 4, "/etc/group");
    EXPECT_TRUE(fs::is_empty(proc.path() + "/42/fd"));
    EXPECT_TRUE(fs::is_empty(proc.path() + "/42/task/42/fd"));
    EXPECT_EQ(fs::read_symlink(proc.path() + "/42/task/43/fd/3"), "/etc/hosts");
    EXPECT_EQ(fs::read_symlink(proc.path() + "/42/task/43/fd/4"), "/etc/group");
}

}  // namespace
}  // namespace logfia::test
