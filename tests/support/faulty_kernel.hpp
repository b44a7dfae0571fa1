#pragma once

#include "support/child.hpp"
#include <logfia/base/unique_fd.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace logfia::test {

/// A system call that fails.
struct Fault {
    enum class Times { once, always };

    std::string
        place;      ///< as FaultyKernel::places() tells it; with `*` at its end, all that begin so
    int error = 0;  ///< errno
    Times times = Times::once;
};

/// A kernel that fails when it is told to: a program's system calls come to us first, by a seccomp
/// filter (seccomp_unotify(2)). That needs no right and no tracer, and does not change what the
/// program sees otherwise; it is there since Linux 5.5.
///
/// A *place* is a call and what it is about, numbers put aside: `openat /proc/N/fdinfo/N`. It is
/// the first call of a place that fails, or all of them. Whatever comes before main() (the loader),
/// other threads and children are left alone.
class FaultyKernel {
  public:
    /// Without a fault it only takes notes.
    explicit FaultyKernel(Fault fault = {});
    ~FaultyKernel();
    FaultyKernel(const FaultyKernel&) = delete;
    FaultyKernel& operator=(const FaultyKernel&) = delete;

    /// From now on this one: the calls before do not count.
    void fail(Fault fault);

    /// For ChildOptions::supervisor of the one program that is meant.
    [[nodiscard]] int socket() const { return child_end_.get(); }

    /// Why this cannot be had here; empty when it can.
    static std::string why_not();

    /// The places that were seen up to now, with how often each was.
    [[nodiscard]] std::map<std::string, int> places() const;
    /// How often it went to sleep, or tried to (epoll_pwait, epoll_pwait2, ppoll).
    [[nodiscard]] int sleeps() const { return sleeps_; }
    [[nodiscard]] int faults() const { return faults_; }

    /// The errors that a call at this place can have.
    static std::vector<int> errors_of(const std::string& place);

  private:
    void supervise();
    void answer(int listener);
    int judge(const std::string& place);

    Fault fault_;
    UniqueFd child_end_;
    UniqueFd our_end_;
    UniqueFd stop_;
    std::thread thread_;
    bool started_ = false;  // main() has begun
    int process_ = 0;
    mutable std::mutex lock_;
    std::map<std::string, int> places_;
    std::atomic<int> sleeps_ = 0;
    std::atomic<int> faults_ = 0;
};

/// In the child, before its exec: from now on its calls come to whoever has the other end.
bool hand_over_system_calls(int socket);

}  // namespace logfia::test
