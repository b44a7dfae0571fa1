// Calls whose argument is the number that is made, or the numbers that are dropped.

#include "modes.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace fd_truth {
namespace {

constexpr int kHigh = 200;

void dups(long count) {
    const int kept = open_file(FileName(999).path(), O_RDONLY);
    for (long i = 0; i < count; ++i) {
        const int fd = open_file(FileName(i).path(), O_RDONLY);
        drop(make([&] { return dup(fd); }));
        // In turn over nothing and over what the last round left.
        must(make_over(kHigh, [&] { return dup2(fd, kHigh); }), "dup2");
        must(make_over(kHigh, [&] { return dup2(kept, kHigh); }), "dup2 over an open one");
        must(dup2(kHigh, kHigh), "dup2 to itself");
        must_fail(make_over(kHigh, [] { return dup2(4000, kHigh); }), "dup2 of none");
        must_fail(dup2(4000, 4000), "dup2 of none to itself");
        must(make_over(kHigh + 1, [&] { return dup3(fd, kHigh + 1, O_CLOEXEC); }), "dup3");
        const int above = make([&] { return fcntl(fd, F_DUPFD, kHigh); });
        const int next = make([&] { return fcntl(fd, F_DUPFD_CLOEXEC, kHigh); });
        const int lowest = make([&] { return fcntl(fd, F_DUPFD, 0); });
        if (above != kHigh + 2 || next != kHigh + 3) die("numbers");
        for (const int done : {above, fd, next, lowest}) drop(done);
        if (i % 2 == 0) drop(kHigh);
        if (i % 3 == 0) drop(kHigh + 1);
    }
    drop(kept);
}

void open_some(long index) {
    for (long i = 0; i < 6; ++i) open_file(FileName(index + i).path(), O_RDONLY);
}

/// CLOSE_RANGE_UNSHARE changes nothing for who has a table alone.
void ranges(long count) {
    const auto first = static_cast<unsigned>(open_file(FileName(999).path(), O_RDONLY)) + 1;
    for (long i = 0; i < count; ++i) {
        open_some(i);
        drop_range(first + 1, first + 2, 0);
        open_some(i + 6);
        drop_range(first + 4, first + 6, CLOSE_RANGE_UNSHARE);
        drop_range(first + 4, first + 6, 0);  // nobody is left there
        drop_range(first, ~0U, 0);
    }
    open_some(1);
    must(close_range(first + 1, first + 2, CLOSE_RANGE_CLOEXEC), "close_range");
    must(close_range(first + 4, ~0U, CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE), "close_range");
    run_again("/proc/self/exe", "nothing", 0);
    die("exec");
}

constexpr std::array kModes{
    Mode{"dups", dups},
    Mode{"ranges", ranges},
};

}  // namespace

std::span<const Mode> number_modes() {
    return kModes;
}

}  // namespace fd_truth
