#pragma once

#include "support/faulty_calls.hpp"
#include <logfia/base/unique_fd.hpp>

#include <sys/types.h>

#include <map>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

namespace logfia::test {

/// A kernel that fails when it is told to, as FaultyKernel is, for a program that listens to system
/// calls itself (seccomp_unotify(2)): nobody could listen to its own calls then. They are traced
/// (ptrace(2)), those of all its threads; its children are left alone.
///
/// A thread that has given itself a name is part of the place: `openat /proc/N/fd in logfia-calls`.
/// A call that is never made to fail is one too: `call 3`.
class FaultyTracer {
  public:
    /// Without a fault it only takes notes.
    explicit FaultyTracer(Fault fault = {});
    /// The program must have ended, or been killed.
    ~FaultyTracer();
    FaultyTracer(const FaultyTracer&) = delete;
    FaultyTracer& operator=(const FaultyTracer&) = delete;

    /// From now on this one: the calls before do not count.
    void fail(Fault fault) { plan_.fail(std::move(fault)); }

    /// For ChildOptions::tracer of the one program that is meant.
    [[nodiscard]] int socket() const { return child_end_.get(); }

    /// Why this cannot be had here; empty when it can.
    static std::string why_not();

    [[nodiscard]] std::map<std::string, int> places() const { return plan_.places(); }
    [[nodiscard]] int sleeps() const { return plan_.sleeps(); }
    [[nodiscard]] int faults() const { return plan_.faults(); }

  private:
    void trace();
    pid_t meet_program();
    void handle_stop(pid_t thread, int signal);
    void handle_call(pid_t thread);
    void note_name(const BegunCall& call);

    FaultPlan plan_;
    UniqueFd child_end_;
    UniqueFd our_end_;
    UniqueFd stop_;
    // Up to thread_ the thread's own.
    bool started_ = false;                          // main() has begun
    std::unordered_map<pid_t, std::string> names_;  // ` in NAME`, of threads
    std::unordered_map<pid_t, int> failing_;        // the errno of calls that have begun
    std::thread thread_;
};

/// In the child, before its exec: waits until whoever has the other end traces it.
bool wait_for_tracer(int socket);

}  // namespace logfia::test
