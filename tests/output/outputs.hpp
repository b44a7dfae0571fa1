#pragma once

#include "output/pipes.hpp"
#include <logfia/output/output.hpp>

#include <csignal>

namespace logfia::test {

inline Output output_to(int fd) {
    auto output = Output::to_descriptor(fd, "the test");
    EXPECT_TRUE(output) << describe(output.error());
    return std::move(*output);
}

/// `length` bytes with the newline.
inline std::string record(int number, std::size_t length = 40) {
    std::string text = std::to_string(number) + ' ';
    text.resize(length - 1, 'x');
    return text + '\n';
}

/// Reads and flushes alternately until nothing waits.
inline std::string drain(Output& output, int reader, std::size_t each_time = 1 << 20) {
    std::string got;
    for (int round = 0; round < 1'000'000; ++round) {
        got += read_now(reader, each_time);
        if (output.flush() == WriteStatus::done) return got + read_now(reader);
        pollfd wanted = output.wanted();
        EXPECT_EQ(wanted.events, POLLOUT);
        if (::poll(&wanted, 1, 0) < 0) break;
    }
    ADD_FAILURE() << "the output was never done";
    return got;
}

/// Signals that the app ignores.
class IgnoredSignal {
  public:
    explicit IgnoredSignal(int number) : number_(number), old_(std::signal(number, SIG_IGN)) {}
    ~IgnoredSignal() { std::signal(number_, old_); }
    IgnoredSignal(const IgnoredSignal&) = delete;
    IgnoredSignal& operator=(const IgnoredSignal&) = delete;

  private:
    int number_;
    void (*old_)(int);
};

}  // namespace logfia::test
