#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {

/// A system call that fails.
struct Fault {
    enum class Times { once, always };

    std::string place;  ///< as place_of() tells it; with `*` at its end, all that begin so
    int error = 0;      ///< errno
    Times times = Times::once;
    int after = 0;  ///< so many calls of the place before it succeed
};

/// A call that is about to happen.
struct BegunCall {
    int thread = 0;
    std::uint64_t number = 0;
    std::array<std::uint64_t, 6> arguments{};
};

/// The place of a call, which is the call and what it is about, numbers put aside: `openat
/// /proc/N/fdinfo/N`. Absent: it is none that is made to fail.
std::optional<std::string> place_of(const BegunCall& begun);

/// The errors that a call at this place can have.
std::vector<int> errors_of(std::string_view place);
/// The same without those that are like one that comes before them.
std::vector<int> kinds_of_errors(std::string_view place);

/// The numbers of the calls that have places, some of them twice. Async-signal-safe.
std::span<const unsigned> numbers_of_faulty_calls();

/// True for the first call of logfia's main(): what comes before is the loader's.
bool is_first_of_main(const BegunCall& call);

/// Takes notes of places, and decides which call is the one that fails: the first of its place that
/// is meant, or all from that one on.
class FaultPlan {
  public:
    explicit FaultPlan(Fault fault) : fault_(std::move(fault)) {}

    /// From now on this one: the calls before do not count.
    void fail(Fault fault);
    /// The errno that the call at this place is to fail with, or 0.
    int judge(const std::string& place);

    /// The places that were seen up to now, with how often each was.
    [[nodiscard]] std::map<std::string, int> places() const;
    /// How often somebody went to sleep, or tried to.
    [[nodiscard]] int sleeps() const { return sleeps_; }
    [[nodiscard]] int faults() const { return faults_; }

  private:
    Fault fault_;
    mutable std::mutex lock_;
    std::map<std::string, int> places_;
    std::atomic<int> sleeps_ = 0;
    std::atomic<int> faults_ = 0;
};

}  // namespace logfia::test
