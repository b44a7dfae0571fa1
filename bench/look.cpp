// A look at N descriptors against the bare floor: getdents64 and readlinkat into one buffer.

#include "benches.hpp"
#include "listing.hpp"
#include "measure.hpp"
#include "support/event_sinks.hpp"
#include "target.hpp"
#include <logfia/event/event_sink.hpp>
#include <logfia/process/open_processes.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <climits>
#include <memory>

namespace logfia::bench {
namespace {

/// The floor: only the system calls that cannot be left out.
class Floor {
  public:
    explicit Floor(pid_t pid)
        : dir_(open(fmt::format("/proc/{}/fd", pid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

    void look() {
        for_each_number(dir_.get(), listing_, [this](const char* number) {
            links_ += readlinkat(dir_.get(), number, link_, sizeof link_) > 0;
        });
    }
    [[nodiscard]] long links() const { return links_; }

  private:
    UniqueFd dir_;
    char listing_[32 * 1024];
    char link_[PATH_MAX];
    long links_ = 0;
};

/// A poller that takes every look.
std::unique_ptr<Poller> make_poller(pid_t pid, Numbers& numbers) {
    auto root = ProcRoot::open("/proc");
    const pid_t pids[] = {pid};
    const DescriptorBudget budget(std::size(pids));
    OpenedProcesses opened = open_processes(*root, pids, budget);
    PollerOptions options;
    options.interval = std::chrono::milliseconds(1);
    options.kept_links = budget.links();
    options.gate = false;
    auto poller = std::make_unique<Poller>(std::move(*root), options, numbers);
    for (auto& process : opened.processes) poller->processes().add(std::move(process));
    return poller;
}

void measure_look(int descriptors) {
    const Target target([&] { open_mixed(descriptors); });
    Floor floor(target.pid());
    Numbers numbers;
    const auto poller = make_poller(target.pid(), numbers);
    test::CountedEvents counter;
    // As in a watch that has lasted for a while: the links are held by then.
    for (int i = 0; i < descriptors / 50 + 2; ++i) poller->look(read_clocks(), counter);
    const int rounds = std::max(15, 60'000 / descriptors);
    const auto times =
        race(rounds, {[&] { floor.look(); }, [&] { poller->look(read_clocks(), counter); }});
    fmt::print("{:>12} {:>10} {:>12.1f} {:>12.1f} {:>8.3f}\n", descriptors, counter.events,
               median(times[0]) / 1000, median(times[1]) / 1000, ratio(times[1], times[0]));
}

}  // namespace

void bench_look(Length) {
    fmt::print("A look, CPU time (the middle one of many, floor and logfia in turn)\n");
    fmt::print("{:>12} {:>10} {:>12} {:>12} {:>8}\n", "descriptors", "seen", "floor us",
               "logfia us", "ratio");
    for (const int descriptors : {10, 100, 1000, 10'000}) measure_look(descriptors);
}

}  // namespace logfia::bench
