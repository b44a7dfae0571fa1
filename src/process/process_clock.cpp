#include <logfia/process/process.hpp>
#include <logfia/procfs/numbered_dir.hpp>
#include <logfia/procfs/proc_path.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace logfia {
namespace {

// The first 22 fields, which are all that is needed, have at most 300 bytes.
constexpr std::size_t kStatBytes = 512;

std::optional<RunState> read_run_state(int dir_fd, const char* path) {
    std::array<char, kStatBytes> buffer;
    const UniqueFd file(openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    const ssize_t got = file ? read(file.get(), buffer.data(), buffer.size()) : -1;
    return got > 0 ? parse_run_state({buffer.data(), static_cast<std::size_t>(got)}) : std::nullopt;
}

}  // namespace

std::optional<Duration> Process::cpu_time() const {
    timespec time{};
    if (!has_clock_ || clock_gettime(clock_, &time) != 0) return std::nullopt;
    return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

RunClock Process::run_clock(std::optional<Duration> then, int most_threads) const {
    const auto cpu = cpu_time();
    if (!cpu || cpu != then || !is_asleep(most_threads)) return {cpu, false};
    return {cpu_time(), true};
}

void Process::open_stat() const {
    stat_.reset(openat(dir_.get(), "stat", O_RDONLY | O_CLOEXEC | O_NOCTTY));
}

/// Of the first thread, or of the one whose table is read. Absent where that cannot be found out.
std::optional<RunState> Process::run_state() const {
    if (!dir_) {  // reopened at each look: the number may be another process's by now
        const auto state = read_run_state(proc_, proc_path("{}/stat", pid_).data());
        const bool is_ours = state && thread_ == 0 && state->start_time == start_time_;
        return is_ours ? state : std::nullopt;
    }
    if (!stat_) open_stat();
    std::array<char, kStatBytes> buffer;
    const ssize_t got = stat_ ? pread(stat_.get(), buffer.data(), buffer.size(), 0) : -1;
    return got > 0 ? parse_run_state({buffer.data(), static_cast<std::size_t>(got)}) : std::nullopt;
}

/// A process that has ended does not count as asleep: a look must find that out.
bool Process::is_asleep(int most_threads) const {
    const auto one = run_state();
    if (!one) return false;
    if (one->threads <= 1) return one->is_asleep();
    if (one->threads > most_threads) return false;
    return (one->is_asleep() || one->has_ended()) && others_sleep(one->threads - 1);
}

/// The threads that the process had when the question began: one that was made since was made by a
/// thread that ran. An io_uring's workers are among them (since Linux 5.12).
bool Process::others_sleep(int others) const {
    const ProcPath path = proc_path("{}/task", pid_);
    // `..` of /proc/N/task/T is /proc/N/task.
    const UniqueFd tasks(openat(dir_ ? dir_.get() : proc_,
                                !dir_          ? path.data()
                                : thread_ == 0 ? "task"
                                               : "..",
                                O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!tasks) return false;
    const pid_t asked = thread_ == 0 ? pid_ : thread_;
    const bool any_runs = any_number_in(tasks.get(), [&](int thread) {
        if (thread == asked) return false;
        --others;
        const auto state = read_run_state(tasks.get(), proc_path("{}/stat", thread).data());
        return !state || !(state->is_asleep() || state->has_ended());
    });
    return !any_runs && others == 0;  // a listing that fails has shown too few
}

}  // namespace logfia
