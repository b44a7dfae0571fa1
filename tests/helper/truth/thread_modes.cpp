// Threads of one table, and threads that leave it.

#include "modes.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>

namespace fd_truth {
namespace {

/// Runs `body` in a thread of the same table. Not std::thread, which allocates: what the allocator
/// opens for a second thread would be nobody's truth.
template <class Body>
class Thread {
  public:
    explicit Thread(Body body) : body_(body), table_(current_table()) {
        errno = pthread_create(&id_, nullptr, run, this);
        if (errno != 0) die("pthread_create");
    }
    ~Thread() { join(); }
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;
    void join() {
        if (!joined_) pthread_join(id_, nullptr);
        joined_ = true;
    }

  private:
    static void* run(void* self) {
        auto* const thread = static_cast<Thread*>(self);
        use_table(thread->table_);
        thread->body_();
        return nullptr;
    }
    Body body_;
    void* table_;
    pthread_t id_{};
    bool joined_ = false;
};

void open_and_close(long first, long files, long count) {
    for (long i = 0; i < count; ++i) drop(open_file(FileName(first + i % files).path(), O_RDONLY));
}

void four_threads(long files, long count) {
    const auto body = [&](long first) { return [=] { open_and_close(first, files, count); }; };
    const bool same = files == 1;
    const Thread one(body(0));
    const Thread two(body(same ? 0 : 10));
    const Thread three(body(same ? 0 : 20));
    const Thread four(body(same ? 0 : 30));
}

void threads(long count) {
    four_threads(10, count);
}
void threads_same(long count) {
    four_threads(1, count);
}

/// No two of them make the same: what one call was given must not be told of what another made.
void threads_differ(long count) {
    const Thread readers([&] { open_and_close(0, 10, count); });
    const Thread writers([&] {
        for (long i = 0; i < count; ++i)
            drop(open_file(FileName(10 + i % 10).path(), O_WRONLY | O_CLOEXEC));
    });
    const Thread sockets([&] {
        for (long i = 0; i < count; ++i) {
            const int flags = i % 2 == 0 ? 0 : SOCK_CLOEXEC | SOCK_NONBLOCK;
            drop(make([&] { return socket(AF_INET, SOCK_DGRAM | flags, 0); }));
        }
    });
    const Thread others([&] {
        for (long i = 0; i < count; ++i) {
            const int flags = i % 3 == 0 ? SOCK_CLOEXEC : 0;
            drop(make_two(
                [&](int* ends) { return socketpair(AF_UNIX, SOCK_STREAM | flags, 0, ends); }));
        }
    });
}

/// A thread opens what is not like what the first thread opened, which does not call any more.
void threads_in_turn(long count) {
    for (long i = 0; i < count; ++i) {
        const int first = open_file(FileName(i % 10).path(), O_RDONLY);
        int second = -1;
        Thread one([&] {
            second = open_file(FileName(10 + i % 10).path(), O_WRONLY | O_CLOEXEC);
            drop(open_file(FileName(20 + i % 10).path(), O_RDWR));
        });
        one.join();
        drop(first);
        drop(second);
    }
}

/// Longer than it takes until a call that waits is looked after some times.
void give_time() {
    const timespec moment{0, 6'000'000};
    nanosleep(&moment, nullptr);
}

/// A call that waits has its number before it is done: others get the next ones.
void threads_wait(long count) {
    const FileName name("fifo");
    for (long i = 0; i < count; ++i) {
        must(mkfifo(name.path(), 0600), "mkfifo");
        int reader = -1;
        Thread waiting([&] { reader = open_file(name.path(), O_RDONLY); });
        open_and_close(0, 20, 50);
        give_time();
        open_and_close(20, 20, 50);
        const int writer = open_file(name.path(), O_WRONLY);
        waiting.join();
        must(unlink(name.path()), "unlink");
        drop(reader);
        drop(writer);
    }
}

/// A call that waits while another thread of its table does nothing.
void threads_sleep(long count) {
    std::atomic<bool> sleeps = false;
    std::atomic<bool> done = false;
    Thread sleeping([&] {
        drop(open_file(FileName(0).path(), O_RDONLY));
        sleeps = true;
        while (!done) give_time();
    });
    while (!sleeps) sched_yield();
    for (long i = 0; i < count; ++i) {
        const FileName name("fifo", i);
        must(mkfifo(name.path(), 0600), "mkfifo");
        const int child = in_child([&] {
            give_time();
            drop(open_file(name.path(), O_WRONLY));
        });
        const int fd = open_file(name.path(), O_RDONLY);
        reap(child);
        drop(fd);
    }
    done = true;
}

/// A thread with a table of its own: by unshare(), and by close_range(), which keeps the others'
/// descriptors.
void leave_table(long count, bool by_close_range) {
    const int kept = open_file(directory(), O_RDONLY | O_DIRECTORY);
    Thread leaving([&] {
        if (by_close_range)
            must(close_range(static_cast<unsigned>(kept), ~0U, CLOSE_RANGE_UNSHARE), "close_range");
        else
            must(unshare(CLONE_FILES), "unshare");
        begin_table();
        open_and_close(20, 20, count);
        open_file(FileName(20).path(), O_RDONLY);
        tell_all_dropped(Dropped::exit);
    });
    open_and_close(0, 20, count);
    leaving.join();
    drop(kept);
}

void unshare_mode(long count) {
    leave_table(count, false);
    leave_table(count, true);
}

[[noreturn]] void end_thread() {
    syscall(SYS_exit, 0);  // pthread_exit() loads a library to unwind by
    __builtin_unreachable();
}

/// The exec ends all threads but the one that calls.
void exec_from_thread(long count) {
    if (count == 0) return;
    open_file(FileName(1).path(), O_RDONLY | O_CLOEXEC);
    const Thread executing([&] {
        for (long i = 0; i < 3; ++i) open_file(FileName(i).path(), O_RDONLY | O_CLOEXEC);
        open_file(FileName(4).path(), O_RDONLY);
        run_again("/nonexistent", "exec-from-thread", count - 1);
        run_again("/proc/self/exe", "exec-from-thread", count - 1);
        die("exec");
    });
    // The destructor waits for what never comes.
}

long rest = 0;

void* go_on(void* table) {
    use_table(table);
    open_and_close(0, 20, rest);
    open_file(FileName(1).path(), O_RDONLY);
    end_with_open(0);
}

/// The first thread has gone, with what it opened still there, while another goes on.
void thread_exits_first(long count) {
    for (long i = 0; i < 3; ++i) open_file(FileName(i + 20).path(), O_RDONLY);
    rest = count;
    pthread_t other{};
    errno = pthread_create(&other, nullptr, go_on, current_table());
    if (errno != 0) die("pthread_create");
    open_and_close(20, 20, count / 10);
    end_thread();
}

/// Threads that come and go, each with descriptors that others close.
void brief_threads(long count) {
    for (long i = 0; i < count; ++i) {
        int left = -1;
        Thread one([&] { left = open_file(FileName(i).path(), O_RDONLY); });
        one.join();
        drop(left);
    }
}

constexpr std::array kModes{
    Mode{"threads", threads},
    Mode{"threads-same", threads_same},
    Mode{"threads-differ", threads_differ},
    Mode{"threads-in-turn", threads_in_turn},
    Mode{"threads-wait", threads_wait},
    Mode{"threads-sleep", threads_sleep},
    Mode{"unshare", unshare_mode},
    Mode{"exec-from-thread", exec_from_thread},
    Mode{"thread-exits-first", thread_exits_first},
    Mode{"brief-threads", brief_threads},
};

}  // namespace

std::span<const Mode> thread_modes() {
    return kModes;
}

}  // namespace fd_truth
