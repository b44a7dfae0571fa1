// The cost of describing a new socket compared with a new file, however many other connections the
// machine has; and whether the peer of a watched process notices.

#include "benches.hpp"
#include "measure.hpp"
#include "support/event_sinks.hpp"
#include "target.hpp"
#include <logfia/event/event_sink.hpp>
#include <logfia/process/open_processes.hpp>
#include <logfia/source/poll/poller.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace logfia::bench {
namespace {

constexpr int kDescriptors = 1000;
constexpr int kRounds = 25;
constexpr int kPairsOfOne = 2500;  // connections that one process holds both ends of
constexpr int kEnds = 1000;        // of connections

double clock_seconds(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

int listener(sockaddr_in& address) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd, any, size) != 0 || listen(fd, SOMAXCONN) != 0) _exit(1);
    getsockname(fd, any, &size);
    return fd;
}

int connect_to(const sockaddr_in& address) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) _exit(1);
    return fd;
}

void open_files() {
    for (int i = 0; i < kDescriptors; ++i) open("/etc/passwd", O_RDONLY);
}

void open_connections(int pairs) {
    sockaddr_in address;
    const int from = listener(address);
    for (int i = 0; i < pairs; ++i) {
        connect_to(address);
        accept(from, nullptr, nullptr);
    }
}

enum class Way { copies, tables };

/// CPU time of a first look, all threads included, for each descriptor that was described.
double microseconds_each(pid_t pid, Way way) {
    std::vector<double> times;
    for (int round = 0; round < kRounds; ++round) {
        auto root = ProcRoot::open("/proc");
        const pid_t pids[] = {pid};
        OpenedProcesses opened = open_processes(*root, pids, DescriptorBudget(std::size(pids)));
        PollerOptions options;
        options.interval = std::chrono::milliseconds(100);
        options.copies = way == Way::copies;
        Numbers numbers;
        Poller poller(std::move(*root), options, numbers);
        for (auto& process : opened.processes) poller.processes().add(std::move(process));
        test::CountedEvents nobody;
        const double before = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
        poller.look(read_clocks(), nobody);
        times.push_back(clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - before);
    }
    return median(times) / kDescriptors * 1e6;
}

void measure_costs() {
    fmt::print("{} descriptors described in one look: CPU time of each\n", kDescriptors);
    fmt::print("{:>20} {:>9} {:>12} {:>12} {:>12} {:>12}\n", "foreign connections", "file us",
               "socket us", "more us", "tables us", "more us");
    const Target files([] { open_files(); });
    const Target sockets([] { open_connections(kDescriptors / 2); });
    std::vector<std::unique_ptr<Target>> foreign;
    for (const int connections : {0, 5'000, 10'000}) {
        while (static_cast<int>(foreign.size()) * kPairsOfOne < connections)
            foreign.push_back(std::make_unique<Target>([] { open_connections(kPairsOfOne); }));
        const double file = microseconds_each(files.pid(), Way::copies);
        const double copies = microseconds_each(sockets.pid(), Way::copies);
        const double tables = microseconds_each(sockets.pid(), Way::tables);
        fmt::print("{:>20} {:>9.2f} {:>12.2f} {:>12.2f} {:>12.2f} {:>12.2f}\n", connections, file,
                   copies, copies - file, tables, tables - file);
    }
}

/// Shared with the server: when it closed a connection.
struct Shared {
    sockaddr_in address;
    volatile bool listens;
    double closed_at[kEnds];
};

/// Accepts a connection, waits for a byte, and closes it.
void serve(Shared& shared) {
    const int from = listener(shared.address);
    shared.listens = true;
    for (double& closed_at : shared.closed_at) {
        const int fd = accept(from, nullptr, nullptr);
        char byte = 0;
        if (read(fd, &byte, 1) != 1) _exit(1);
        closed_at = clock_seconds(CLOCK_MONOTONIC);
        close(fd);
    }
    pause();
}

[[noreturn]] void watch_each_millisecond(pid_t pid) {
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    execl(LOGFIA_EXECUTABLE, "logfia", "-n", "-q", "-j", "-d", "1", std::to_string(pid).c_str(),
          nullptr);
    _exit(127);
}

enum class Watched { no, yes };

void measure_ends(Watched watched) {
    void* const memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& shared = *new (memory) Shared{};
    const Child server([&] { serve(shared); });
    while (!shared.listens) usleep(1000);
    std::unique_ptr<Child> watch;
    if (watched == Watched::yes)
        watch = std::make_unique<Child>([&] { watch_each_millisecond(server.pid()); });
    usleep(200'000);
    std::vector<double> delays;
    for (const double& closed_at : shared.closed_at) {
        const int fd = connect_to(shared.address);
        usleep(2'000);  // so that the socket is seen, and asked
        char byte = 0;
        if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 0) _exit(1);
        delays.push_back((clock_seconds(CLOCK_MONOTONIC) - closed_at) * 1e6);
        close(fd);
    }
    munmap(memory, sizeof(Shared));
    std::sort(delays.begin(), delays.end());
    const auto within = std::lower_bound(delays.begin(), delays.end(), 1000.0) - delays.begin();
    fmt::print("{:>14} {:>10.1f} {:>10.1f} {:>10.1f} {:>14.1f}\n",
               watched == Watched::yes ? "logfia -d 1" : "nobody", median(delays),
               delays[kEnds * 99 / 100], delays.back(), static_cast<double>(within) / kEnds * 100);
}

}  // namespace

void bench_sockets(Length) {
    measure_costs();
    fmt::print("\nFrom a server's close to its peer's end of file ({} connections)\n", kEnds);
    fmt::print("{:>14} {:>10} {:>10} {:>10} {:>14}\n", "watched by", "median us", "99 % us",
               "most us", "% within 1 ms");
    measure_ends(Watched::no);
    measure_ends(Watched::yes);
}

}  // namespace logfia::bench
