#include <logfia/base/pass_fd.hpp>
#include <logfia/process/exit_code.hpp>
#include <logfia/source/seccomp/procfs_view.hpp>
#include <logfia/source/seccomp/supervisor.hpp>

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace logfia {
namespace {

// The subjects of epoll events that are no processes.
constexpr std::uint64_t kListener = 0;
constexpr std::uint64_t kWord = ~std::uint64_t{0};  // of the supervisor to its thread

/// A call on our own side that fails so often in a row will never succeed. Who has stopped for us
/// must not wait for that.
constexpr int kMostFailures = 100;

/// Rounds up: waking up too early would be for nothing.
int milliseconds_until(std::optional<SteadyTime> time, SteadyTime now) {
    if (!time) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*time - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
}

}  // namespace

/// The thread's own state, once it has the listener.
class Supervisor::Served {
  public:
    Served(Supervisor& supervisor, UniqueFd listener, pid_t command)
        : supervisor_(supervisor),
          listener_(std::move(listener), supervisor.parts_.page),
          view_(supervisor.parts_.root, listener_, supervisor.options_.count),
          recorder_(supervisor.parts_.root, supervisor.options_.recorder, supervisor.parts_.queue,
                    [this](pid_t pid) { watch_end_of(pid); }),
          model_(view_, recorder_,
                 {command, supervisor.options_.children, supervisor.options_.inherited}),
          command_(command),
          epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        is_ready_ =
            epoll_ && want(listener_.fd(), kListener) && want(supervisor.word_.get(), kWord);
        if (!is_ready_) supervisor.refusal_ = errno;
        supervisor.hands_over_cpu_ = listener_.hands_over_cpu();
    }

    [[nodiscard]] bool is_ready() const { return is_ready_; }
    /// Until nobody is left whose calls could stop, the supervisor ends, or calls can no longer be
    /// served.
    void run() {
        while (!over_) {
            try {
                run_once();
            } catch (const std::bad_alloc&) {
                // The knowledge is not whole any more, but the calls have to go on.
                supervisor_.out_of_memory_ = true;
                stop_telling();
                let_go_on();
            }
        }
        stop_telling();
    }

  private:
    void run_once() {
        std::array<epoll_event, 64> events;
        const auto next = telling_ ? model_.next_look() : std::nullopt;
        const int timeout = milliseconds_until(next, now_.steady);
        const int count =
            epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
        if (is_too_much(count < 0 && errno != EINTR, failed_waits_)) return give_up("waited for");
        now_ = read_clocks();
        recorder_.set_now(now_);
        // The ends of processes come first: a number that is free may be given away again.
        const std::span ready(events.data(), static_cast<std::size_t>(std::max(count, 0)));
        for (const epoll_event& event : ready)
            if (event.data.u64 != kListener) handle_end(event.data.u64);
        for (const epoll_event& event : ready)
            if (event.data.u64 == kListener) handle_call(event.events);
        tell();
    }

    bool want(int fd, std::uint64_t about) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = about;
        return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
    }

    /// `failures` are those in a row.
    static bool is_too_much(bool failed, int& failures) {
        failures = failed ? failures + 1 : 0;
        return failures >= kMostFailures;
    }

    /// From now on the guard lets all calls go on.
    void give_up(const char* what) {
        over_ = true;
        if (telling_)
            recorder_.lost(nullptr, now_,
                           fmt::format("the calls can no longer be {}: {}: what the command did "
                                       "from here on",
                                       what, std::strerror(errno)));
    }

    /// True when the call will happen.
    bool let_go_on() {
        const Listener::Answer answer = listener_.let_go_on();
        if (answer == Listener::Answer::failed) give_up("answered");
        return answer == Listener::Answer::goes_on;
    }

    void handle_call(std::uint32_t events) {
        if ((events & EPOLLIN) == 0) {
            if ((events & (EPOLLHUP | EPOLLERR)) != 0) note_last_call();
            return;
        }
        const bool failed = !listener_.receive();
        if (is_too_much(failed, failed_receives_)) give_up("received");
        if (failed) return;
        if (!telling_) {
            let_go_on();
            return;
        }
        now_ = read_clocks();
        recorder_.set_now(now_);
        const seccomp_notif& call = listener_.call();
        model_.enter(decode_call(call.data), static_cast<pid_t>(call.pid), now_);
        if (let_go_on()) model_.commit();
    }

    /// Nobody is left who could call: a process lets go of its filter a moment before it has ended
    /// (do_exit(), kernel/exit.c).
    void note_last_call() {
        calls_are_over_ = true;
        epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.fd(), nullptr);
        end_after_all();
    }

    void end_after_all() {
        if (calls_are_over_ && (pidfds_.empty() || !telling_)) over_ = true;
    }

    void handle_end(std::uint64_t about) {
        if (about == kWord) {
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t got =
                read(supervisor_.word_.get(), &count, sizeof count);
            over_ = supervisor_.ending_;
            return;
        }
        const auto pid = static_cast<pid_t>(about);
        const auto pidfd = pidfds_.find(pid);
        if (pidfd == pidfds_.end()) return;
        const auto status = exit_code_of(supervisor_.parts_.root, pid, pidfd->second.get());
        pidfds_.erase(pidfd);
        if (telling_) model_.end(pid, now_, status);
        if (pid == command_ && supervisor_.options_.children == Model::Children::ignored)
            stop_telling();
        end_after_all();
    }

    /// Later calls are nobody's business, but still have to go on.
    void stop_telling() {
        if (!std::exchange(telling_, false)) return;
        if (!supervisor_.out_of_memory_) recorder_.set_full(false, now_);
        supervisor_.parts_.queue.finish();
    }

    void tell() {
        if (telling_ && !supervisor_.telling_) stop_telling();
        end_after_all();
        if (!telling_) return;
        for (const pid_t pid : std::exchange(gone_, {}))
            if (!view_.task(pid)) model_.end(pid, now_, std::nullopt);
        if (const auto next = model_.next_look(); next && *next <= now_.steady) model_.look(now_);
        ChangeQueue& queue = supervisor_.parts_.queue;
        // Once too much waits, half of it has to go.
        const std::size_t most = supervisor_.options_.max_waiting / (full_ ? 2 : 1);
        full_ = supervisor_.held_back_ || queue.waiting() > most;
        recorder_.set_full(full_, now_);
        queue.settled_until(std::min(model_.settled_until().value_or(now_.steady), now_.steady));
        queue.wake();
    }

    void watch_end_of(pid_t pid) {
        UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0U)));
        if (pidfd && want(pidfd.get(), static_cast<std::uint64_t>(pid))) {
            pidfds_[pid] = std::move(pidfd);
            return;
        }
        if (errno == ESRCH) gone_.push_back(pid);  // and its number may be given away again
        if (errno == ESRCH || std::exchange(lacking_told_, true)) return;
        const bool too_many = errno == EMFILE || errno == ENFILE;
        recorder_.lost(nullptr, now_,
                       too_many ? "too many processes for our own limit of open files: an end by a "
                                  "signal is not seen of each; raise it with 'ulimit -n'"
                                : fmt::format("an end by a signal is not seen of each process: {}",
                                              std::strerror(errno)));
    }

    Supervisor& supervisor_;
    Listener listener_;
    ProcfsView view_;
    Recorder recorder_;
    Model model_;
    pid_t command_;
    UniqueFd epoll_;
    std::unordered_map<pid_t, UniqueFd> pidfds_;
    std::vector<pid_t> gone_;  // before their ends could be watched
    Now now_ = read_clocks();
    bool is_ready_ = false;
    bool telling_ = true;
    bool calls_are_over_ = false;
    bool over_ = false;
    int failed_waits_ = 0;
    int failed_receives_ = 0;
    bool full_ = false;  // too much waits for the reader
    bool lacking_told_ = false;
};

Supervisor::Supervisor(Parts parts, const Options& options)
    : parts_(std::move(parts)), options_(options) {}

Supervisor::~Supervisor() {
    if (!thread_.joinable()) return;
    ending_ = true;
    send_word();
    thread_.join();
}

void Supervisor::send_word() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(word_.get(), &one, sizeof one);
}

void Supervisor::tell_no_more() {
    telling_ = false;
    send_word();
}

void Supervisor::hold_back(bool full) {
    held_back_ = full;
    send_word();
}

Result<bool> Supervisor::start(pid_t command) {
    word_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!word_) return Error{"watch", "the calls of a command", errno, {}};
    // Signals are the main thread's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    try {
        thread_ = std::thread([this, command] { run(command); });
    } catch (const std::system_error& failure) {
        error = failure.code().value();
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error != 0) return Error{"start", "a thread for the command's calls", error, {}};
    return true;
}

void Supervisor::run(pid_t command) {
    prctl(PR_SET_NAME, "logfia-calls", 0UL, 0UL, 0UL);
    try {
        serve(command);
    } catch (const std::bad_alloc&) {
        out_of_memory_ = true;
        refusal_ = ENOMEM;
    }
    parts_.guard.take_over();
    // A child that still waits sees the end of the socket, and is not run.
    parts_.socket.reset();
    parts_.queue.finish();
}

UniqueFd Supervisor::receive_listener() {
    UniqueFd listener = receive_fd(parts_.socket.get());
    if (!listener) refusal_ = errno;
    if (listener) refusal_ = parts_.guard.entrust(listener.get());
    return refusal_ == 0 ? std::move(listener) : UniqueFd();
}

/// False when the child is gone.
bool Supervisor::tell_ready() {
    const char ready = 1;
    const bool told = write(parts_.socket.get(), &ready, 1) == 1;
    if (!told) refusal_ = errno;
    parts_.socket.reset();
    return told;
}

void Supervisor::serve(pid_t command) {
    UniqueFd listener = receive_listener();
    if (!listener) return;
    Served served(*this, std::move(listener), command);
    if (served.is_ready() && tell_ready()) served.run();
}

}  // namespace logfia
