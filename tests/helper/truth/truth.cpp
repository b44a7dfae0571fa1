#include "truth.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace fd_truth {
namespace {

constexpr std::size_t kFileSize = std::size_t{64} << 20U;  // a hole, but for what is written
constexpr unsigned kMostDescriptors = 4096;

/// Where the line of each number begins, plus one; 0: nothing is known of that number. Mapped,
/// since a child made with CLONE_FILES shares it.
struct Table {
    std::array<std::atomic<std::uint32_t>, kMostDescriptors> lines;
};

char* text = nullptr;
long names = 1;
std::array<char, PATH_MAX> truth_path{};
std::array<char, PATH_MAX> truth_directory{};
/// Threads of one table have the same.
thread_local Table* current = nullptr;

/// Behind the text: where the next line goes.
std::atomic<std::uint32_t>& used() {
    return *reinterpret_cast<std::atomic<std::uint32_t>*>(text + kFileSize - 8);
}

/// The numbers and words of a line stand at fixed places, where they can be changed.
constexpr int kHowPlace = 67;
constexpr int kHowWidth = 4;
constexpr const char* kLine = "fd %9d %7d %-5s %19lld %19lld %4s %19lld %19lld %-4s %d ";

const char* word(Dropped how) {
    constexpr std::array kWords{"open", "call", "exec", "exit"};
    return kWords[static_cast<std::size_t>(how)];
}

std::uint32_t add_line(const char* line, std::uint32_t size) {
    const std::uint32_t at = used().fetch_add(size);
    if (at + size > kFileSize - 8) die("the truth is too long");
    std::memcpy(text + at, line, size);
    return at;
}

void tell_dropped(std::uint32_t line, Time before, Time after, Dropped how) {
    std::array<char, 64> piece{};
    const int size =
        std::snprintf(piece.data(), piece.size(), "%4s %19lld %19lld", word(how), before, after);
    std::memcpy(text + line + kHowPlace, piece.data(), static_cast<std::size_t>(size));
}

/// Takes up what is still open of this process. Its exec has ended just now.
void remember() {
    const Time time = now();
    const int self = getpid();
    for (char* line = text; *line != '\0'; line = std::strchr(line, '\n') + 1) {
        int pid = 0;
        int fd = 0;
        if (std::sscanf(line, "fd %d %d", &pid, &fd) != 2 || pid != self) continue;
        const auto at = static_cast<std::uint32_t>(line - text);
        long long before = 0;
        long long after = 0;
        const char* how = line + kHowPlace;
        std::sscanf(how + kHowWidth, "%lld %lld", &before, &after);
        if (std::strncmp(how, "open", kHowWidth) == 0)
            current->lines[static_cast<std::size_t>(fd)] = at + 1;
        else if (std::strncmp(how, "exec", kHowWidth) == 0 && after == 0)
            tell_dropped(at, before, time, Dropped::exec);
    }
}

Table* new_table() {
    void* const memory =
        mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) die("mmap");
    return static_cast<Table*>(memory);
}

bool closes_on_exec(int fd) {
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

const char* access_of(int fd) {
    const int flags = fcntl(fd, F_GETFL);
    if ((flags & O_PATH) != 0) return "path";
    const int access = flags & O_ACCMODE;
    return access == O_RDWR ? "rw" : access == O_WRONLY ? "w" : "r";
}

int status_of(int child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) die("waitpid");
    errno = 0;
    return status;
}

}  // namespace

Time now() {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    return Time{time.tv_sec} * 1'000'000'000 + Time{time.tv_nsec};
}

void die(const char* what) {
    std::fprintf(stderr, "fd_truth: %s: %s\n", what, std::strerror(errno));
    _exit(9);
}

long must(long result, const char* what) {
    if (result < 0) die(what);
    return result;
}

void must_fail(long result, const char* what) {
    if (result < 0) return;
    errno = 0;
    die(what);
}

void open_truth(const char* path) {
    std::snprintf(truth_path.data(), truth_path.size(), "%s", path);
    std::snprintf(truth_directory.data(), truth_directory.size(), "%s", path);
    char* const slash = std::strrchr(truth_directory.data(), '/');
    if (path[0] != '/' || slash == nullptr) die("the path of the truth file is not absolute");
    *slash = '\0';
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, static_cast<off_t>(kFileSize)) < 0) die(path);
    void* const memory = mmap(nullptr, kFileSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) die("mmap");
    close(fd);
    text = static_cast<char*>(memory);
    begin_table();
    remember();
}

const char* directory() {
    return truth_directory.data();
}

void begin_table() {
    current = new_table();
}

void* current_table() {
    return current;
}

void use_table(void* table) {
    current = static_cast<Table*>(table);
}

bool is_known(int fd) {
    return current->lines[static_cast<std::size_t>(fd)] != 0;
}

void tell_made(int fd, Time before, Time after, Made how) {
    std::array<char, 64> link{};
    std::snprintf(link.data(), link.size(), "/proc/thread-self/fd/%d", fd);
    std::array<char, PATH_MAX + 256> line{};
    const int head = std::snprintf(line.data(), line.size(), kLine, getpid(), fd,
                                   how == Made::call ? "call" : "found", before, after, "open", 0LL,
                                   0LL, access_of(fd), closes_on_exec(fd) ? 1 : 0);
    char* const name = line.data() + head;
    const ssize_t size = must(readlink(link.data(), name, PATH_MAX), "readlink");
    name[size] = '\n';
    const auto slot = static_cast<std::size_t>(fd);
    if (slot >= kMostDescriptors) die("too high a number");
    current->lines[slot] = add_line(line.data(), static_cast<std::uint32_t>(head + size + 1)) + 1;
}

Dropping::Dropping(int fd) : fd_(fd), line_(0) {
    const auto slot = static_cast<std::size_t>(fd);
    if (fd >= 0 && slot < kMostDescriptors) line_ = current->lines[slot].exchange(0);
}

void Dropping::tell(Time before, Time after, Dropped how) const {
    if (line_ > 0) tell_dropped(line_ - 1, before, after, how);
}

void Dropping::take_back() const {
    if (line_ > 0) current->lines[static_cast<std::size_t>(fd_)] = line_;
}

void tell_all_dropped(Dropped how) {
    const Time before = now();
    for (std::size_t fd = 0; fd < kMostDescriptors; ++fd) {
        const std::uint32_t line = current->lines[fd];
        if (line > 0 && (how == Dropped::exit || closes_on_exec(static_cast<int>(fd))))
            tell_dropped(line - 1, before, 0, how);
    }
}

void take_all_back() {
    for (const auto& line : current->lines)
        if (line > 0) tell_dropped(line - 1, 0, 0, Dropped::open);
}

int open_file(const char* path, int flags, int mode) {
    return make([&] { return open(path, flags, mode); });
}

void drop(int fd) {
    const Dropping dropping(fd);
    const Time before = now();
    must(close(fd), "close");
    dropping.tell(before, now());
}

void drop(const std::array<int, 2>& ends) {
    for (const int fd : ends) drop(fd);
}

void drop_range(unsigned first, unsigned last, int flags) {
    const Time before = now();
    must(close_range(first, last, flags), "close_range");
    const Time after = now();
    const auto most = std::min(last, kMostDescriptors - 1);
    for (unsigned fd = first; fd <= most; ++fd) Dropping(static_cast<int>(fd)).tell(before, after);
}

FileName::FileName(long index) : FileName("f", index % names) {}

FileName::FileName(std::string_view name) {
    std::snprintf(text_.data(), text_.size(), "%.400s/%.*s", directory(),
                  static_cast<int>(name.size()), name.data());
}

FileName::FileName(std::string_view name, long index) {
    std::snprintf(text_.data(), text_.size(), "%.400s/%.*s%03ld", directory(),
                  static_cast<int>(name.size()), name.data(), index);
}

void make_files(long count) {
    names = count;
    for (long i = 0; i < names; ++i)
        if (mknod(FileName(i).path(), S_IFREG | 0644, 0) < 0 && errno != EEXIST) die("mknod");
}

void mark(const char* what) {
    std::array<char, 80> line{};
    const int size = std::snprintf(line.data(), line.size(), "%s %d %lld\n", what, getpid(), now());
    add_line(line.data(), static_cast<std::uint32_t>(size));
}

void run_again(const char* program, const char* mode, long count) {
    std::array<char, 24> number{};
    std::snprintf(number.data(), number.size(), "%ld", count);
    mark("exec");
    tell_all_dropped(Dropped::exec);
    execl(program, "fd_truth", mode, number.data(), truth_path.data(), nullptr);
    take_all_back();
    mark("kept");
}

void end_with_open(int status) {
    tell_all_dropped(Dropped::exit);
    _exit(status);
}

int fork_child() {
    return static_cast<int>(must(fork(), "fork"));
}

void reap(int child) {
    if (status_of(child) != 0) die("a child failed");
}

void reap_killed(int child) {
    if (const int status = status_of(child); !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        die("a child was not killed");
}

}  // namespace fd_truth
