#include <logfia/process/process.hpp>
#include <logfia/procfs/numbered_dir.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/procfs/proc_stat.hpp>
#include <logfia/procfs/reading.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace logfia {
namespace {

UniqueFd open_dir(int at, const char* path) {
    return UniqueFd(openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Reading<ProcStat> read_stat(int dir_fd, const char* path) {
    std::array<char, 1024> buffer;
    const FileText text = read_piece(dir_fd, path, buffer);
    auto stat = parse_proc_stat(text);
    return stat ? Reading<ProcStat>(std::move(*stat)) : Reading<ProcStat>::failed(text.error);
}

Error cannot_watch(pid_t pid, int code, std::string advice) {
    return {"cannot watch", fmt::format("process {}", pid), code, std::move(advice)};
}

Error not_found(const ProcRoot& root, pid_t pid) {
    // kill(2) with signal 0 tells whether the process exists, even if our procfs hides it.
    if (root.native() && (kill(pid, 0) == 0 || errno == EPERM)) {
        return cannot_watch(pid, 0,
                            fmt::format("it exists, but {} does not show it to you (mounted with "
                                        "hidepid): {}",
                                        root.path(), advice_to_be_root()));
    }
    return cannot_watch(pid, ESRCH,
                        root.is_procfs() ? "" : fmt::format("{} is not a procfs", root.path()));
}

Error not_permitted(pid_t pid, int code, const ProcStatus& status) {
    std::string advice;
    if (status.uid && *status.uid != geteuid()) {
        const std::string owner = *status.uid == 0 ? "root" : fmt::format("uid {}", *status.uid);
        advice = geteuid() == 0
                     ? fmt::format("it belongs to {}: {}", owner, advice_to_be_root())
                     : fmt::format("it belongs to {}: run logfia as that user, or as root (sudo)",
                                   owner);
    } else {
        advice =
            fmt::format("it is protected (setuid, more privileged than you, or undumpable): {}",
                        advice_to_be_root());
    }
    return cannot_watch(pid, code, std::move(advice));
}

/// With hidepid=1 the directory is visible but cannot be entered (proc(5)).
Error not_entered(const ProcRoot& root, pid_t pid, int code) {
    if (code != EPERM && code != EACCES) return cannot_watch(pid, code, "");
    return cannot_watch(
        pid, code,
        fmt::format("{} hides it from you (hidepid): {}", root.path(), advice_to_be_root()));
}

/// Whether two threads have the same descriptor table; absent: unknown (a thread is gone, not
/// permitted, no kcmp(2)). A thread that is ending has no table, which differs from every other.
std::optional<bool> share_table(pid_t a, pid_t b) {
    const long order = syscall(SYS_kcmp, a, b, KCMP_FILES, 0UL, 0UL);
    if (order < 0) return std::nullopt;
    return order == 0;
}

bool is_ending(int tasks, int thread) {
    const auto stat = read_stat(tasks, proc_path("{}/stat", thread).data());
    return !stat || stat->is_ending();
}

}  // namespace

const char* advice_to_be_root() {
    return geteuid() == 0 ? "root may not do this here (no CAP_SYS_PTRACE, or a security module)"
                          : "run logfia as root (sudo)";
}

Result<Process> Process::open(const ProcRoot& root, pid_t pid, Holding holding) {
    Process process;
    process.proc_ = root.fd();
    process.pid_ = pid;
    const Result<bool> attached = process.attach(root, holding);
    if (!attached) return attached.error();
    return process;
}

Result<bool> Process::attach(const ProcRoot& root, Holding holding) {
    holding_ = holding;
    native_ = root.native();
    dir_ = open_dir(root.fd(), proc_path("{}", pid_).data());
    if (!dir_) {
        if (is_gone(errno)) return not_found(root, pid_);
        return not_entered(root, pid_, errno);
    }
    // The pidfd is opened after the directory and before it is read: if the directory still shows
    // the process afterwards, the pidfd cannot be another process's.
    if (root.native() && holding == Holding::descriptors) open_pidfd();

    std::array<char, 4096> buffer;
    const FileText text = read_piece(dir_.get(), "status", buffer);
    const ProcStatus status = parse_proc_status(text);
    const auto stat = read_stat(dir_.get(), "stat");
    if (is_denied(text.error)) return not_permitted(pid_, text.error, status);
    if (!stat && stat.error() != 0 && !is_gone(stat.error()))
        return cannot_watch(pid_, stat.error(), "");
    if (!stat) return not_found(root, pid_);
    if (status.tgid && *status.tgid != pid_) {
        return cannot_watch(pid_, 0,
                            fmt::format("it is a thread of process {} ({}): watch {}", *status.tgid,
                                        stat->comm, *status.tgid));
    }
    if (stat->is_ending() && stat->threads <= 1)
        return cannot_watch(pid_, ESRCH, "it has ended, but its parent has not reaped it (zombie)");

    comm_ = stat->comm;
    start_time_ = stat->start_time;
    kernel_thread_ = stat->is_kernel_thread();
    has_clock_ = root.native() && clock_getcpuclockid(pid_, &clock_) == 0;
    if (!(stat->is_ending() && move_to_living_thread(dir_.get()))) {
        const Acquired opened = open_dirs(root);
        if (is_denied(opened.error)) return not_permitted(pid_, opened.error, status);
        if (opened.state == Acquired::State::gone) return not_found(root, pid_);
        if (opened.state == Acquired::State::failed) return cannot_watch(pid_, opened.error, "");
    }
    // Reading links needs permission to ptrace, listing may not (proc_pid_fd(5)): try a link.
    char link = 0;
    if (readlinkat(dir_.get(), "cwd", &link, 1) < 0 && is_denied(errno))
        return not_permitted(pid_, errno, status);
    release();
    return true;
}

void Process::open_pidfd() {
    pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    // Out of descriptors: hold nothing, and check at each look that this is still the same process.
    if (!pidfd_ && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        holding_ = Holding::nothing;
}

Process::Acquired Process::open_dirs(const ProcRoot& root) {
    if (!dir_) dir_ = open_dir(root.fd(), path().data());
    if (dir_) fd_dir_ = open_dir(dir_.get(), "fd");
    if (fd_dir_ && holding_ == Holding::descriptors) open_stat();
    if (fd_dir_) return {};
    const int error = errno;
    dir_.reset();
    return refused(error);
}

ProcPath Process::path() const {
    return thread_ == 0 ? proc_path("{}", pid_) : proc_path("{}/task/{}", pid_, thread_);
}

Process::Acquired Process::acquire(const ProcRoot& root) {
    if (fd_dir_) return {};
    const Acquired opened = open_dirs(root);
    if (opened.state != Acquired::State::ready) {
        if (is_lacking(opened.error) && is_reaped(root)) return refused(ESRCH);
        // The table of a first thread that has ended is root's (task_dump_owner(), fs/proc/base.c).
        if (opened.error != EACCES) return opened;
        const Life life = probe(root);
        if (life == Life::ended) return refused(ESRCH);
        if (life == Life::alive) return opened;
    }
    // A directory that was opened by number may be that of a new process with the same number.
    const auto stat = read_stat(root.fd(), proc_path("{}/stat", pid_).data());
    if (stat && stat->start_time == start_time_) return {};
    release();
    return refused(stat || stat.error() == 0 ? ESRCH : stat.error());
}

Process::Acquired Process::refused(int error) {
    return {is_gone(error) ? Acquired::State::gone : Acquired::State::failed, error};
}

void Process::release() {
    if (holding_ == Holding::descriptors) return;
    fd_dir_.reset();
    stat_.reset();
    dir_.reset();
}

void Process::renew_fd_dir() {
    if (!dir_) return;
    UniqueFd anew = open_dir(dir_.get(), "fd");
    if (anew) fd_dir_ = std::move(anew);
}

bool Process::is_reaped(const ProcRoot& root) const {
    struct stat status {};
    return fstatat(root.fd(), proc_path("{}", pid_).data(), &status, 0) != 0 && is_gone(errno);
}

bool Process::table_is_let_go() const {
    const auto stat = read_stat(dir_.get(), "stat");
    return !stat || stat->is_ending();
}

bool Process::has_ended() const {
    pollfd request{pidfd_.get(), POLLIN, 0};
    return pidfd_ && poll(&request, 1, 0) > 0;
}

Process::Life Process::probe(const ProcRoot& root) {
    if (has_ended()) return Life::ended;
    UniqueFd process_dir = open_dir(root.fd(), proc_path("{}", pid_).data());
    if (!process_dir) return is_gone(errno) || is_reaped(root) ? Life::ended : Life::alive;
    const auto stat = read_stat(process_dir.get(), "stat");
    if (!stat && stat.error() != 0 && !is_gone(stat.error())) return Life::alive;
    if (!stat || stat->start_time != start_time_) return Life::ended;
    bool has_called_execve = thread_ != 0;
    if (stat->is_ending()) {
        if (move_to_living_thread(process_dir.get())) return Life::moved;
        const auto again = read_stat(process_dir.get(), "stat");
        if (!again || again->start_time != start_time_ || again->is_ending()) return Life::ended;
        has_called_execve = true;
    }
    // The thread that calls execve(2) is the first thread from then on, and its own number is gone
    // (de_thread(), fs/exec.c).
    const bool moved = has_called_execve && move_to_first_thread(std::move(process_dir));
    return moved ? Life::moved : Life::alive;
}

bool Process::move_to_first_thread(UniqueFd process_dir) {
    UniqueFd fds = open_dir(process_dir.get(), "fd");
    if (!fds) return false;
    thread_ = 0;
    stat_.reset();
    dir_ = std::move(process_dir);
    fd_dir_ = std::move(fds);
    return true;
}

bool Process::move_to_living_thread(int process_dir) {
    const UniqueFd tasks = open_dir(process_dir, "task");
    if (!tasks) return false;
    const bool moved = any_number_in(tasks.get(), [&](int thread) {
        // A stranger that has ended is no evidence about the others.
        const bool strange = stranger_ != 0 && share_table(stranger_, thread).value_or(false);
        return !strange && move_to(tasks.get(), thread);
    });
    // Perhaps the stranger is all that is left.
    return moved || (stranger_ != 0 && move_to(tasks.get(), stranger_));
}

bool Process::move_to(int tasks, pid_t thread) {
    if (is_ending(tasks, thread)) return false;
    UniqueFd dir = open_dir(tasks, proc_path("{}", thread).data());
    UniqueFd fds = dir ? open_dir(dir.get(), "fd") : UniqueFd();
    if (!fds) return false;
    thread_ = thread;
    stat_.reset();
    dir_ = std::move(dir);
    fd_dir_ = std::move(fds);
    return true;
}

void Process::set_comm(const ProcRoot& root, std::string_view comm) {
    if (pidfd_)
        comm_ = comm;
    else
        refresh_comm(root);
}

void Process::refresh_comm(const ProcRoot& root) {
    if (thread_ != 0 || !dir_) {  // a thread's comm is not the process's
        auto stat = read_stat(root.fd(), proc_path("{}/stat", pid_).data());
        if (stat && stat->start_time == start_time_) comm_ = std::move(stat->comm);
        return;
    }
    std::array<char, 64> buffer;
    std::string_view comm = read_piece(dir_.get(), "comm", buffer);
    if (comm.empty()) return;
    if (comm.back() == '\n') comm.remove_suffix(1);
    comm_ = comm;
}

bool Process::find_thread_with_own_table() {
    if (!has_clock_ || thread_ != 0)
        return false;  // not our PIDs, or its first thread has no table
    struct stat status {};
    // task/ has a link for itself, one for its parent, and one for each thread.
    if (fstatat(dir_.get(), "task", &status, 0) != 0 || status.st_nlink <= 3) return false;
    const UniqueFd tasks = open_dir(dir_.get(), "task");
    return tasks && any_number_in(tasks.get(), [&](int thread) {
               if (thread == pid_ || share_table(pid_, thread).value_or(true)) return false;
               // Checked after the comparison: neither thread had let go of its table by then.
               if (is_ending(tasks.get(), thread) || table_is_let_go()) return false;
               stranger_ = thread;
               return true;
           });
}

}  // namespace logfia
