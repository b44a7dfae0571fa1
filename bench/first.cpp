// A first look at N descriptors against the least that the kernel must be asked for it: each call
// once, with nothing made of the answers.

#include "benches.hpp"
#include "listing.hpp"
#include "measure.hpp"
#include "support/event_sinks.hpp"
#include "target.hpp"
#include <logfia/base/unique_fd.hpp>
#include <logfia/process/open_processes.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace logfia::bench {
namespace {

struct Kind {
    std::string_view name;
    WantedFacts facts;
    bool single_look;
};

constexpr Kind kKinds[] = {
    {"-n -1", {false, false, false, false}, true},
    {"-n -1 -j", {true, true, true, false}, true},
    {"-n", {true, false, false, true}, false},
    {"-n -j", {true, true, true, true}, false},
};

/// The system calls of a first look.
class FirstFloor {
  public:
    FirstFloor(pid_t pid, const Kind& kind)
        : kind_(kind),
          pidfd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))),
          dir_(open(fmt::format("/proc/{}", pid).c_str(), kDirectory)),
          fd_dir_(openat(dir_.get(), "fd", kDirectory)),
          info_dir_(openat(dir_.get(), "fdinfo", kDirectory)),
          own_links_(open("/proc/self/fd", kDirectory)) {}

    void look() {
        for_each_number(fd_dir_.get(), listing_, [this](const char* number) { ask(number); });
    }

  private:
    static constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

    void ask(const char* number) {
        const ssize_t length = readlinkat(fd_dir_.get(), number, text_, sizeof text_);
        const std::string_view link(text_, length > 0 ? static_cast<std::size_t>(length) : 0);
        const bool is_socket = link.starts_with("socket:");
        const bool is_file = link.starts_with('/');
        if (kind_.facts.details || (kind_.facts.identity && !is_socket)) read_info(number);
        if (is_file && kind_.facts.any()) ask_file(number);
        if (is_socket) ask_socket(number);
    }
    void read_info(const char* number) {
        const UniqueFd info(openat(info_dir_.get(), number, O_RDONLY | O_CLOEXEC));
        [[maybe_unused]] const auto got = pread(info.get(), text_, sizeof text_, 0);
    }
    void ask_file(const char* number) {
        const UniqueFd held(openat(fd_dir_.get(), number, O_PATH | O_CLOEXEC));
        struct statx status {};
        statx(held.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &status);
        union {
            file_handle head;
            char bytes[sizeof(file_handle) + MAX_HANDLE_SZ];
        } handle{};
        handle.head.handle_bytes = MAX_HANDLE_SZ;
        int mount = 0;
        if (kind_.facts.identity)
            name_to_handle_at(held.get(), "", &handle.head, &mount, AT_EMPTY_PATH);
        [[maybe_unused]] const auto got =
            readlinkat(own_links_.get(), fd_path(held.get()).data(), text_, sizeof text_);
    }
    void ask_socket(const char* number) {
        const UniqueFd copy(
            static_cast<int>(syscall(SYS_pidfd_getfd, pidfd_.get(), std::atoi(number), 0)));
        int answer = 0;
        for (const int what : {SO_DOMAIN, SO_TYPE}) {
            socklen_t size = sizeof answer;
            getsockopt(copy.get(), SOL_SOCKET, what, &answer, &size);
        }
        struct stat status {};
        fstat(copy.get(), &status);
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        getsockname(copy.get(), reinterpret_cast<sockaddr*>(&address), &size);
        size = sizeof address;
        getpeername(copy.get(), reinterpret_cast<sockaddr*>(&address), &size);
    }

    const Kind& kind_;
    UniqueFd pidfd_;
    UniqueFd dir_;
    UniqueFd fd_dir_;
    UniqueFd info_dir_;
    UniqueFd own_links_;
    char listing_[32 * 1024];
    char text_[PATH_MAX];
};

/// Of ten descriptors, six are of a file, two of a pipe and two of a socket pair.
void open_usual(int count) {
    int pair[2];
    for (int left = count - 3; left >= 10; left -= 10) {
        for (int i = 0; i < 6; ++i) check(open("/etc/passwd", O_RDONLY) >= 0, "open");
        check(pipe(pair) == 0, "pipe");
        check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    }
}

void first_look(pid_t pid, const Kind& kind) {
    auto root = ProcRoot::open("/proc");
    const pid_t pids[] = {pid};
    const DescriptorBudget budget(std::size(pids));
    OpenedProcesses opened = open_processes(*root, pids, budget);
    PollerOptions options;
    options.facts = kind.facts;
    options.single_look = kind.single_look;
    Numbers numbers;
    Poller poller(std::move(*root), options, numbers);
    for (auto& process : opened.processes) poller.processes().add(std::move(process));
    test::CountedEvents counter;
    poller.look(read_clocks(), counter);
}

}  // namespace

void bench_first(Length) {
    fmt::print(
        "A first look, CPU time of all threads for each descriptor, beside the bare calls\n");
    fmt::print("{:>12} {:>12} {:>12} {:>12} {:>8}\n", "descriptors", "as with", "calls us",
               "logfia us", "ratio");
    for (const int descriptors : {1000, 10'000}) {
        const Target target([&] { open_usual(descriptors); });
        for (const Kind& kind : kKinds) {
            FirstFloor floor(target.pid(), kind);
            const auto times =
                race(100'000 / descriptors,
                     {[&] { floor.look(); }, [&] { first_look(target.pid(), kind); }});
            fmt::print("{:>12} {:>12} {:>12.2f} {:>12.2f} {:>8.2f}\n", descriptors, kind.name,
                       median(times[0]) / 1000 / descriptors, median(times[1]) / 1000 / descriptors,
                       ratio(times[1], times[0]));
        }
    }
}

}  // namespace logfia::bench
