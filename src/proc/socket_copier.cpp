#include <logfia/base/unique_fd.hpp>
#include <logfia/proc/proc_path.hpp>
#include <logfia/proc/proc_root.hpp>
#include <logfia/proc/proc_stat.hpp>
#include <logfia/proc/socket_copier.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace logfia {
namespace {

using Outcome = SocketRequest::Outcome;
using Question = SocketRequest::Question;

constexpr std::size_t kMostThreads = 16;
constexpr std::chrono::milliseconds kPatience{20};

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

bool is_socket_with(int fd, std::uint64_t inode) {
    // The number may be a file's by now: fstat(2) could wait for its filesystem, this does not.
    int domain = 0;
    socklen_t size = sizeof domain;
    struct stat status {};
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && fstat(fd, &status) == 0 &&
           status.st_ino == inode;
}

bool ask_copy(int fd, const SocketRequest& request, SocketAnswer& answer) {
    if (!is_socket_with(fd, request.inode)) return false;
    if (request.question == Question::totals)
        return ask_tcp_totals(fd, answer.info.state, answer.totals);
    ask_socket(fd, request.question == Question::all ? TcpDetails::left_out : TcpDetails::wanted,
               answer);
    if (answer.info.peer) answer.info.peer = unix_peer(fd, request.proc_fd);
    return true;
}

/// False for what is no socket, and where a close may linger.
bool closes_at_once(int fd) {
    linger value{};
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, SO_LINGER, &value, &size) == 0 &&
           (value.l_onoff == 0 || value.l_linger == 0);
}

}  // namespace

/// A thread, and what it is told to do. Both hold it, so that either may be the last.
class SocketCopier::Worker {
  public:
    /// Starts the thread; false when there can be none.
    static bool start(const std::shared_ptr<Worker>& worker);

    /// True when it waits for work.
    [[nodiscard]] bool is_free() const;
    void give(std::vector<SocketRequest>& requests);
    /// Gives the requests back with their answers. When it is kept waiting, with those that it has
    /// answered so far: it is of no more use then.
    void take(std::vector<SocketRequest>& requests);
    /// The thread ends as soon as it can.
    void dismiss();

  private:
    enum class Stage : std::uint8_t { idle, asking, answered };

    void run();
    void answer_all();
    void answer(SocketRequest& request);
    [[nodiscard]] bool is_asleep() const;
    void abandon(std::vector<SocketRequest>& requests);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Stage stage_ = Stage::idle;
    bool closing_ = false;  // the answers are told, but there is a copy still to be closed
    std::atomic<bool> dismissed_ = false;
    std::atomic<pid_t> thread_ = 0;
    std::atomic<std::size_t> done_ = 0;    // requests that are answered
    std::vector<SocketRequest> requests_;  // the thread's own while it is asking
    std::vector<UniqueFd> slow_;           // the thread's own
};

bool SocketCopier::Worker::start(const std::shared_ptr<Worker>& worker) {
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

bool SocketCopier::Worker::is_free() const {
    const std::lock_guard lock(mutex_);
    return stage_ == Stage::idle && !closing_ && !dismissed_;
}

void SocketCopier::Worker::run() {
    thread_ = static_cast<pid_t>(syscall(SYS_gettid));
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stage_ == Stage::asking || dismissed_; });
        if (dismissed_) return;
        lock.unlock();
        answer_all();
        lock.lock();
        stage_ = Stage::answered;
        closing_ = !slow_.empty();
        changed_.notify_all();
        if (!closing_) continue;
        lock.unlock();
        slow_.clear();
        lock.lock();
        closing_ = false;
    }
}

void SocketCopier::Worker::answer_all() {
    for (SocketRequest& request : requests_) {
        if (dismissed_) return;
        answer(request);
        ++done_;
    }
}

void SocketCopier::Worker::answer(SocketRequest& request) {
    UniqueFd copy(static_cast<int>(syscall(SYS_pidfd_getfd, request.pidfd, request.fd, 0U)));
    if (!copy) {
        request.outcome = outcome_of(errno);
        return;
    }
    request.outcome =
        ask_copy(copy.get(), request, request.answer) ? Outcome::answered : Outcome::closed;
    // Asked last, so that its owner has no time to change it before the copy is closed.
    if (!closes_at_once(copy.get())) slow_.push_back(std::move(copy));
}

void SocketCopier::Worker::give(std::vector<SocketRequest>& requests) {
    const std::lock_guard lock(mutex_);
    requests_.swap(requests);
    done_ = 0;
    stage_ = Stage::asking;
    changed_.notify_all();
}

void SocketCopier::Worker::take(std::vector<SocketRequest>& requests) {
    std::unique_lock lock(mutex_);
    // Not to be taken for one that is kept waiting: it may only wait for a CPU.
    std::size_t done_before = requests_.size();
    while (!changed_.wait_for(lock, kPatience, [this] { return stage_ == Stage::answered; })) {
        const std::size_t done = done_;
        const bool asleep = is_asleep();
        if (asleep && done == done_before) return abandon(requests);
        done_before = asleep ? done : requests_.size();
    }
    requests_.swap(requests);
    stage_ = Stage::idle;
}

bool SocketCopier::Worker::is_asleep() const {
    std::array<char, 1024> buffer;
    const ProcPath path = proc_path("self/task/{}/stat", thread_.load());
    const auto stat = parse_proc_stat(read_file(requests_.front().proc_fd, path.data(), buffer));
    return stat && (stat->state == 'D' || stat->state == 'S');
}

/// The thread still has its requests; what it has answered, and what it was asked, it only reads.
void SocketCopier::Worker::abandon(std::vector<SocketRequest>& requests) {
    const std::size_t done = done_;
    requests.clear();
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        if (i < done) {
            requests.push_back(requests_[i]);
            continue;
        }
        const SocketRequest& asked = requests_[i];
        requests.push_back({asked.pidfd,
                            asked.fd,
                            asked.inode,
                            asked.proc_fd,
                            asked.question,
                            i == done ? Outcome::stuck : Outcome::failed,
                            {}});
    }
    dismissed_ = true;
}

void SocketCopier::Worker::dismiss() {
    const std::lock_guard lock(mutex_);
    dismissed_ = true;
    changed_.notify_all();
}

SocketCopier::~SocketCopier() {
    for (const auto& worker : workers_) worker->dismiss();
}

std::size_t SocketCopier::threads() const {
    return workers_.size();
}

void SocketCopier::ask(std::vector<SocketRequest>& requests) {
    if (requests.empty()) return;
    const std::shared_ptr<Worker> worker = free_worker();
    if (!worker) return;  // all of them `failed`
    worker->give(requests);
    worker->take(requests);
}

std::shared_ptr<SocketCopier::Worker> SocketCopier::free_worker() {
    // Whose thread has ended is held by nobody else.
    std::erase_if(workers_, [](const auto& worker) { return worker.use_count() == 1; });
    for (const auto& worker : workers_)
        if (worker->is_free()) return worker;
    if (workers_.size() >= kMostThreads) return nullptr;
    auto worker = std::make_shared<Worker>();
    if (!Worker::start(worker)) return nullptr;
    workers_.push_back(worker);
    return worker;
}

}  // namespace logfia
