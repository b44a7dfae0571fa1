#pragma once

#include "support/child.hpp"
#include "support/faulty_calls.hpp"
#include <logfia/base/unique_fd.hpp>

#include <map>
#include <string>
#include <thread>
#include <utility>

namespace logfia::test {

/// A kernel that fails when it is told to: a program's system calls come to us first, by a seccomp
/// filter (seccomp_unotify(2)). That needs no right and no tracer, and does not change what the
/// program sees otherwise; it is there since Linux 5.5.
///
/// Whatever comes before main() (the loader), other threads and children are left alone.
class FaultyKernel {
  public:
    /// Without a fault it only takes notes.
    explicit FaultyKernel(Fault fault = {});
    ~FaultyKernel();
    FaultyKernel(const FaultyKernel&) = delete;
    FaultyKernel& operator=(const FaultyKernel&) = delete;

    /// From now on this one: the calls before do not count.
    void fail(Fault fault) { plan_.fail(std::move(fault)); }

    /// For ChildOptions::supervisor of the one program that is meant.
    [[nodiscard]] int socket() const { return child_end_.get(); }

    /// Why this cannot be had here; empty when it can.
    static std::string why_not();

    [[nodiscard]] std::map<std::string, int> places() const { return plan_.places(); }
    [[nodiscard]] int sleeps() const { return plan_.sleeps(); }
    [[nodiscard]] int faults() const { return plan_.faults(); }

  private:
    void supervise();
    void answer(int listener);

    FaultPlan plan_;
    UniqueFd child_end_;
    UniqueFd our_end_;
    UniqueFd stop_;
    std::thread thread_;
    bool started_ = false;  // main() has begun
    int process_ = 0;
};

/// In the child, before its exec: from now on its calls come to whoever has the other end.
bool hand_over_system_calls(int socket);

}  // namespace logfia::test
