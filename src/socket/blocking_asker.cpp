#include <logfia/base/unique_fd.hpp>
#include <logfia/procfs/internal_mounts.hpp>
#include <logfia/procfs/object_info.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/procfs/proc_stat.hpp>
#include <logfia/socket/blocking_asker.hpp>
#include <logfia/socket/blocking_questions.hpp>
#include <logfia/socket/socket_type_hint.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <new>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace logfia {
namespace {

using Outcome = BlockingRequest::Outcome;
using Question = BlockingRequest::Question;

constexpr std::size_t kMostThreads = 16;
constexpr int kMostTries = 4;  // the most threads that may get stuck one after another in one call
/// After each wait of this length we check whether the thread has got on.
constexpr std::chrono::milliseconds kPatience{20};
/// A thread counts as stuck after this many waits without progress: after 40 ms if it is seen to
/// sleep, after 100 ms if the procfs does not show it.
constexpr int kWaitsAsleep = 2;
constexpr int kWaitsUnseen = 5;

Outcome outcome_of(int error) {
    switch (error) {
        case EBADF:
            return Outcome::closed;
        case EPERM:
        case EACCES:
        case ENOSYS:
            return Outcome::forbidden;
        default:
            return Outcome::failed;
    }
}

/// The number that a procfs gives the calling thread, which is not gettid(2)'s in the procfs of
/// another PID namespace. Absent where the procfs does not show us.
std::optional<pid_t> own_number_in(int proc_fd) {
    std::array<char, 64> link;  // "PID/task/TID" (proc_pid_task(5); since Linux 3.17)
    const ssize_t length = readlinkat(proc_fd, "thread-self", link.data(), link.size());
    const std::string_view name(link.data(), length < 0 ? 0 : static_cast<std::size_t>(length));
    const std::string_view number = name.substr(name.rfind('/') + 1);
    pid_t thread = 0;
    std::from_chars(number.data(), number.data() + number.size(), thread);
    return thread > 0 ? std::optional(thread) : std::nullopt;
}

}  // namespace

/// A thread and its instructions. Both the asker and the thread hold the worker, so that either may
/// outlive the other.
class BlockingAsker::Worker {
  public:
    /// Starts the thread; false when there can be none.
    static bool start(const std::shared_ptr<Worker>& worker);

    /// True when it waits for work.
    [[nodiscard]] bool is_free() const;
    void begin(std::vector<BlockingRequest>& requests);
    /// Gives the requests back and returns how many, from the first, have an outcome. Fewer than
    /// all means that the thread is blocked: the worker is then of no further use.
    std::size_t finish(std::vector<BlockingRequest>& requests);
    /// The owner of the question that the thread was left alone with; 0: none.
    [[nodiscard]] std::uint64_t kept_waiting_by() const { return kept_waiting_by_; }
    /// The thread ends as soon as it can.
    void dismiss();

  private:
    enum class Stage : std::uint8_t { idle, asking, answered };

    void run();
    void learn_number();
    void answer_all();
    void answer(BlockingRequest& request);
    void answer_by_copy(BlockingRequest& request);
    void answer_of_file(BlockingRequest& request);
    /// Absent where the thread's state cannot be read.
    [[nodiscard]] std::optional<bool> is_asleep() const;
    std::size_t abandon(std::vector<BlockingRequest>& requests, std::size_t done);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Stage stage_ = Stage::idle;
    std::atomic<bool> dismissed_ = false;
    std::atomic<pid_t> thread_ = 0;          // in the procfs; 0: not learned yet; -1: not shown
    std::atomic<std::size_t> done_ = 0;      // requests that are answered
    std::atomic<bool> closing_ = false;      // the copy that the last one was answered by
    std::vector<BlockingRequest> requests_;  // the thread's own while it is asking
    std::vector<char> buffer_;
    std::uint64_t kept_waiting_by_ = 0;  // the asker's own
};

bool BlockingAsker::Worker::start(const std::shared_ptr<Worker>& worker) {
    // Signals are the main thread's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = true;
    try {
        std::thread([worker] { worker->run(); }).detach();
    } catch (const std::system_error&) {
        started = false;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return started;
}

bool BlockingAsker::Worker::is_free() const {
    const std::lock_guard lock(mutex_);
    return stage_ == Stage::idle && !dismissed_;
}

void BlockingAsker::Worker::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stage_ == Stage::asking || dismissed_; });
        if (dismissed_) return;
        lock.unlock();
        answer_all();
        lock.lock();
        stage_ = Stage::answered;
        changed_.notify_all();
    }
}

void BlockingAsker::Worker::learn_number() {
    if (thread_ == 0) thread_ = own_number_in(requests_.front().proc_fd).value_or(-1);
}

void BlockingAsker::Worker::answer_all() {
    learn_number();
    for (BlockingRequest& request : requests_) {
        if (dismissed_) return;
        const std::size_t before = done_;
        try {
            answer(request);
        } catch (const std::bad_alloc&) {
            // No need to say so here: whoever wants the answer will run out of memory too.
            request.outcome = Outcome::failed;
            if (done_ == before) ++done_;
        }
    }
}

void BlockingAsker::Worker::answer(BlockingRequest& request) {
    switch (request.question) {
        case Question::file:
            return answer_of_file(request);
        case Question::hint:
            ask_hint(request);
            break;
        case Question::targets:
            ask_targets(request, buffer_);
            break;
        case Question::program:
            ask_program(request);
            break;
        case Question::all:
        case Question::with_totals:
        case Question::totals:
            return answer_by_copy(request);
    }
    ++done_;
}

/// The answer counts before the duplicate is closed, which may block; no other duplicate waits for
/// that.
void BlockingAsker::Worker::answer_by_copy(BlockingRequest& request) {
    UniqueFd copy(request.pidfd < 0
                      ? -1
                      : static_cast<int>(syscall(SYS_pidfd_getfd, request.pidfd, request.fd, 0U)));
    if (!copy) {
        request.outcome = request.pidfd < 0 ? Outcome::failed : outcome_of(errno);
    } else if (auto answer = ask_copy(copy.get(), request)) {
        request.answer = std::move(*answer);
        request.outcome = Outcome::answered;
    } else {
        request.outcome = Outcome::closed;
    }
    closing_ = true;
    ++done_;
    copy.reset();
    closing_ = false;
}

/// The answer counts before the file is let go: closing a removed file may wait for its filesystem.
void BlockingAsker::Worker::answer_of_file(BlockingRequest& request) {
    UniqueFd held = hold_file(request.about, request.fd);
    auto answer = held ? ask_file(request.about, held.get()) : std::nullopt;
    if (answer) {
        request.file = std::move(*answer);
        request.outcome = Outcome::answered;
    } else {
        request.outcome = is_gone(errno) ? Outcome::closed : Outcome::failed;
    }
    closing_ = true;
    ++done_;
    held.reset();
    closing_ = false;
}

void BlockingAsker::Worker::begin(std::vector<BlockingRequest>& requests) {
    const std::lock_guard lock(mutex_);
    requests_.swap(requests);
    done_ = 0;
    stage_ = Stage::asking;
    changed_.notify_all();
}

std::size_t BlockingAsker::Worker::finish(std::vector<BlockingRequest>& requests) {
    std::unique_lock lock(mutex_);
    // A thread that waits for a CPU is not stuck, however long the wait.
    std::size_t stopped_at = 0;
    int waits = 0;
    while (!changed_.wait_for(lock, kPatience, [this] { return stage_ == Stage::answered; })) {
        const std::size_t done = done_;
        const std::optional<bool> asleep = is_asleep();
        const bool stands = asleep.value_or(true) && done_ == done;
        if (!stands || stopped_at != done) waits = 0;
        stopped_at = done;
        if (!stands) continue;
        if (++waits >= (asleep ? kWaitsAsleep : kWaitsUnseen)) return abandon(requests, done);
    }
    requests_.swap(requests);
    stage_ = Stage::idle;
    return requests.size();
}

std::optional<bool> BlockingAsker::Worker::is_asleep() const {
    const pid_t thread = thread_;
    if (thread == 0) return false;  // a thread that has not begun waits for a CPU
    std::array<char, 1024> buffer;
    const ProcPath path = proc_path("self/task/{}/stat", thread);
    const auto stat = parse_proc_stat(read_piece(requests_.front().proc_fd, path.data(), buffer));
    if (!stat) return std::nullopt;
    return stat->state == 'D' || stat->state == 'S';
}

/// The thread still has its requests; it no longer touches those that it has answered, and only
/// reads the others.
std::size_t BlockingAsker::Worker::abandon(std::vector<BlockingRequest>& requests,
                                           std::size_t done) {
    const bool stuck = !closing_;
    requests.assign(requests_.begin(), requests_.begin() + static_cast<std::ptrdiff_t>(done));
    for (std::size_t i = done; i < requests_.size(); ++i) {
        const BlockingRequest& asked = requests_[i];
        BlockingRequest& open = requests.emplace_back();
        open.pidfd = asked.pidfd;
        open.fd = asked.fd;
        open.inode = asked.inode;
        open.proc_fd = asked.proc_fd;
        open.process = asked.process;
        open.question = asked.question;
        open.owner = asked.owner;
        open.about = asked.about;
    }
    dismissed_ = true;
    if (!stuck || done == requests.size()) return done;
    kept_waiting_by_ = requests[done].owner;
    requests[done].outcome = Outcome::stuck;
    return done + 1;
}

void BlockingAsker::Worker::dismiss() {
    const std::lock_guard lock(mutex_);
    dismissed_ = true;
    changed_.notify_all();
}

BlockingAsker::~BlockingAsker() {
    for (const auto& worker : workers_) worker->dismiss();
}

bool BlockingAsker::is_kept_waiting_by(std::uint64_t owner) const {
    // A worker whose thread has ended has no other owner.
    return std::any_of(workers_.begin(), workers_.end(), [owner](const auto& worker) {
        return worker->kept_waiting_by() == owner && worker.use_count() > 1;
    });
}

std::size_t BlockingAsker::threads() const {
    return workers_.size();
}

void BlockingAsker::ask(std::vector<BlockingRequest>& requests) {
    std::size_t done = 0;
    for (int tries = 0; done < requests.size() && tries < kMostTries; ++tries) {
        const std::shared_ptr<Worker> worker = free_worker();
        if (!worker) return;  // the rest has failed
        if (done == 0) {      // as nearly always
            worker->begin(requests);
            done = worker->finish(requests);
            continue;
        }
        const auto rest = requests.begin() + static_cast<std::ptrdiff_t>(done);
        batch_.assign(std::make_move_iterator(rest), std::make_move_iterator(requests.end()));
        worker->begin(batch_);
        done += worker->finish(batch_);
        std::move(batch_.begin(), batch_.end(), rest);
    }
}

std::shared_ptr<BlockingAsker::Worker> BlockingAsker::free_worker() {
    // A worker whose thread has ended has no other owner.
    std::erase_if(workers_, [](const auto& worker) { return worker.use_count() == 1; });
    for (const auto& worker : workers_)
        if (worker->is_free()) return worker;
    exhausted_ = workers_.size() >= kMostThreads;
    if (exhausted_) return nullptr;
    auto worker = std::make_shared<Worker>();
    if (!Worker::start(worker)) return nullptr;
    workers_.push_back(worker);
    return worker;
}

}  // namespace logfia
