#include "output/outputs.hpp"

#include <limits.h>

#include <algorithm>
#include <cstring>

namespace logfia {
namespace {

using test::drain;
using test::IgnoredSignal;
using test::make_pipe;
using test::make_socket_pair;
using test::output_to;
using test::read_now;
using test::record;

/// While it lives, a file of mode 0 is closed to us, whoever runs the tests.
class OrdinaryUser {
  public:
    OrdinaryUser() : changed_(::geteuid() == 0 && ::seteuid(65534) == 0) {}
    ~OrdinaryUser() {
        if (!changed_) return;
        EXPECT_EQ(::seteuid(0), 0);
    }
    OrdinaryUser(const OrdinaryUser&) = delete;
    OrdinaryUser& operator=(const OrdinaryUser&) = delete;

  private:
    bool changed_;
};

TEST(OutputPipe, WritesWhatItIsGiven) {
    const auto pipe = make_pipe();
    Output output = output_to(pipe.write.get());
    EXPECT_EQ(output.flush(), WriteStatus::done);
    output.append_records("one\n");
    output.buffer() += "two\n";
    EXPECT_EQ(output.backlog(), 8U);
    EXPECT_EQ(output.flush(), WriteStatus::done);
    EXPECT_EQ(read_now(pipe.read.get()), "one\ntwo\n");
    EXPECT_EQ(output.records_written(), 2U);
    EXPECT_EQ(output.backlog(), 0U);
    EXPECT_EQ(output.terminal(), -1);
}

TEST(OutputPipe, AReaderAtRestStopsNothingAndMissesNothing) {
    const auto pipe = make_pipe();
    const int flags = ::fcntl(pipe.write.get(), F_GETFL);
    Output output = output_to(pipe.write.get());
    std::string expected;
    for (int i = 0; i < 20'000; ++i) {
        output.append_records(record(i));
        expected += record(i);
        ASSERT_NE(output.flush(), WriteStatus::failed);
    }
    EXPECT_EQ(output.flush(), WriteStatus::pending);
    EXPECT_EQ(output.wanted().events, POLLOUT);
    EXPECT_GT(output.backlog(), expected.size() / 2);
    EXPECT_EQ(drain(output, pipe.read.get(), 700), expected);
    EXPECT_EQ(output.records_written(), 20'000U);
    EXPECT_EQ(output.wanted().events, 0);
    EXPECT_EQ(::fcntl(pipe.write.get(), F_GETFL), flags) << "the flags are the shell's too";
}

TEST(OutputPipe, EachWriteIsWholeRecords) {
    const auto pipe = make_pipe();
    Output output = output_to(pipe.write.get());
    for (int i = 0; i < 200; ++i) output.append_records(record(i, 100));
    EXPECT_EQ(output.flush(), WriteStatus::pending);
    const std::string first = read_now(pipe.read.get());
    EXPECT_EQ(first.size(), PIPE_BUF / 100 * 100U);
    EXPECT_EQ(first.back(), '\n');
}

TEST(OutputPipe, RecordsLongerThanThePipeArriveWhole) {
    const auto pipe = make_pipe();
    Output output = output_to(pipe.write.get());
    std::string expected;
    for (const std::size_t length : {100U, 4096U, 4097U, 20'000U, 30U, 300'000U, 4095U}) {
        output.append_records(record(1, length));
        expected += record(1, length);
    }
    EXPECT_EQ(drain(output, pipe.read.get(), 1000), expected);
    EXPECT_EQ(output.records_written(), 7U);
}

TEST(OutputPipe, TheReaderGoesAway) {
    IgnoredSignal ignored(SIGPIPE);
    auto pipe = make_pipe();
    Output output = output_to(pipe.write.get());
    pollfd wanted = output.wanted();
    EXPECT_EQ(wanted.events, 0);
    EXPECT_EQ(::poll(&wanted, 1, 0), 0);
    EXPECT_FALSE(output.reader_gone(wanted.revents));
    pipe.read.reset();
    wanted = output.wanted();
    ASSERT_EQ(::poll(&wanted, 1, test::kDeadlineMs), 1) << "also with nothing to write";
    EXPECT_TRUE(output.reader_gone(wanted.revents));
    output.append_records("one\n");
    EXPECT_EQ(output.flush(), WriteStatus::reader_gone);
    output.append_records("two\n");
    EXPECT_EQ(output.flush(), WriteStatus::reader_gone);
    EXPECT_EQ(output.backlog(), 0U);
    EXPECT_EQ(output.wanted().fd, -1);
    EXPECT_EQ(output.records_written(), 0U);
}

TEST(OutputPipe, TheReaderWasGoneBeforeTheStart) {
    IgnoredSignal ignored(SIGPIPE);
    auto pipe = make_pipe();
    pipe.read.reset();
    Output output = output_to(pipe.write.get());
    output.append_records("one\n");
    EXPECT_EQ(output.flush(), WriteStatus::reader_gone);
}

TEST(OutputPipe, OneThatMayNotBeReopenedNeverBlocksEither) {
    IgnoredSignal ignored(SIGPIPE);
    auto pipe = make_pipe();
    ASSERT_EQ(::fchmod(pipe.write.get(), 0), 0);
    OrdinaryUser user;
    Output output = output_to(pipe.write.get());
    EXPECT_EQ(output.wanted().fd, pipe.write.get());
    std::string expected;
    for (int i = 0; i < 2'000; ++i) {
        const std::string text = record(i, i % 100 == 0 ? 10'000 : 60);
        output.append_records(text);
        expected += text;
        ASSERT_NE(output.flush(), WriteStatus::failed);
    }
    EXPECT_EQ(output.flush(), WriteStatus::pending);
    EXPECT_EQ(drain(output, pipe.read.get(), 900), expected);
    EXPECT_EQ(::fcntl(pipe.write.get(), F_GETFL) & O_NONBLOCK, 0);
    pipe.read.reset();
    output.append_records("late\n");
    EXPECT_EQ(output.flush(), WriteStatus::reader_gone);
}

TEST(OutputPipe, WhatIsWrittenWaitsNoLonger) {
    const auto pipe = make_pipe();
    Output output = output_to(pipe.write.get());
    const std::string mebibyte = record(0, 1 << 20);
    for (int i = 0; i < 64; ++i) output.append_records(mebibyte);
    EXPECT_EQ(output.backlog(), 64 * mebibyte.size());
    EXPECT_EQ(output.flush(), WriteStatus::pending);
    EXPECT_LT(output.backlog(), 64 * mebibyte.size());
}

TEST(OutputSocket, EachMessageIsWholeRecords) {
    const auto pair = make_socket_pair(SOCK_SEQPACKET);
    const int flags = ::fcntl(pair.write.get(), F_GETFL);
    Output output = output_to(pair.write.get());
    for (int i = 0; i < 300; ++i) output.append_records(record(i, 70));
    output.flush();
    std::size_t records = 0;
    char message[8192];
    for (ssize_t n = 0; (n = ::recv(pair.read.get(), message, sizeof message, MSG_DONTWAIT)) > 0;) {
        EXPECT_LE(n, PIPE_BUF);
        EXPECT_EQ(message[n - 1], '\n');
        records += static_cast<std::size_t>(std::count(message, message + n, '\n'));
        output.flush();
    }
    EXPECT_EQ(records, 300U);
    EXPECT_EQ(::fcntl(pair.write.get(), F_GETFL), flags);
}

TEST(OutputSocket, ASlowReaderMissesNothingAndMayGo) {
    auto pair = make_socket_pair(SOCK_STREAM);
    Output output = output_to(pair.write.get());
    std::string expected;
    for (int i = 0; i < 20'000; ++i) {
        output.append_records(record(i));
        expected += record(i);
    }
    EXPECT_EQ(output.flush(), WriteStatus::pending);
    EXPECT_EQ(drain(output, pair.read.get(), 5000), expected);
    pair.read.reset();
    pollfd wanted = output.wanted();
    ASSERT_EQ(::poll(&wanted, 1, test::kDeadlineMs), 1);
    EXPECT_TRUE(output.reader_gone(wanted.revents));
    output.append_records("one\n");  // SIGPIPE is not ignored here: MSG_NOSIGNAL does it
    EXPECT_EQ(output.flush(), WriteStatus::reader_gone);
}

TEST(OutputDevice, NullTakesAllAndFullTakesNothing) {
    const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    Output sink = output_to(null.get());
    sink.append_records("one\ntwo\n");
    EXPECT_EQ(sink.flush(), WriteStatus::done);
    EXPECT_EQ(sink.records_written(), 2U);

    auto full = Output::to_file("/dev/full");
    ASSERT_TRUE(full);
    full->append_records("one\n");
    EXPECT_EQ(full->flush(), WriteStatus::failed);
    EXPECT_EQ(describe(full->error()),
              "write /dev/full: No space left on device; 0 records were written");
    const UniqueFd fd(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    Output inherited = output_to(fd.get());
    inherited.append_records("one\n");
    EXPECT_EQ(inherited.flush(), WriteStatus::failed);
    EXPECT_EQ(inherited.error().code, ENOSPC);
}

TEST(OutputTerminal, IsReopenedAndItsHangUpIsAnEnd) {
    UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    char path[64];
    if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0 ||
        ::ptsname_r(master.get(), path, sizeof path) != 0) {
        GTEST_SKIP() << "no pseudo-terminal can be had here: " << std::strerror(errno);
    }
    const UniqueFd slave(::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(slave) << path;
    const int flags = ::fcntl(slave.get(), F_GETFL);
    Output output = output_to(slave.get());
    EXPECT_GE(output.terminal(), 0);
    EXPECT_NE(output.wanted().fd, slave.get());
    output.append_records("one\n");
    EXPECT_EQ(output.flush(), WriteStatus::done);
    char text[16];
    pollfd readable{master.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&readable, 1, test::kDeadlineMs), 1);
    EXPECT_EQ(::read(master.get(), text, sizeof text), 5);  // one\r\n
    for (int i = 0; i < 10'000; ++i) output.append_records(record(i));
    EXPECT_EQ(output.flush(), WriteStatus::pending) << "nobody reads the terminal";
    EXPECT_EQ(::fcntl(slave.get(), F_GETFL), flags);
    master.reset();
    EXPECT_EQ(output.flush(), WriteStatus::reader_gone);
}

TEST(OutputTerminal, AMasterIsNotOpenedAgain) {
    const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!master) GTEST_SKIP() << "no pseudo-terminal can be had here: " << std::strerror(errno);
    EXPECT_EQ(output_to(master.get()).wanted().fd, master.get());
}

TEST(OutputDescriptor, ClosedOrReadOnlyIsAnError) {
    const auto pipe = make_pipe();
    const auto read_end = Output::to_descriptor(pipe.read.get(), "standard output");
    ASSERT_FALSE(read_end);
    EXPECT_EQ(describe(read_end.error()),
              "write standard output: Bad file descriptor; it is open for reading only");
    const auto closed = Output::to_descriptor(-1, "standard output");
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().code, EBADF);
}

TEST(OutputDescriptor, MayBeMoved) {
    const auto pipe = make_pipe();
    Output first = output_to(pipe.write.get());
    first.append_records("one\n");
    Output second = std::move(first);
    second.append_records("two\n");
    EXPECT_EQ(second.flush(), WriteStatus::done);
    EXPECT_EQ(read_now(pipe.read.get()), "one\ntwo\n");
}

}  // namespace
}  // namespace logfia
