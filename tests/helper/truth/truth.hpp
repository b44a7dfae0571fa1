#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// A program that makes descriptors, mostly of no lifetime, and leaves the truth about each of them
/// in a file: what a watch that misses nothing must tell. Needs nothing but libc, since it is also
/// built as a static program and as a 32-bit one.
///
/// The file is mapped, shared by all threads, children and programs to come, so that what was
/// written is there even after SIGKILL. Text ends at the first NUL. A line for each descriptor:
///
///     fd PID NUMBER MADE BEFORE AFTER DROPPED BEFORE AFTER ACCESS CLOEXEC NAME
///
/// BEFORE and AFTER are CLOCK_REALTIME, in nanoseconds, around the call; 0: not known. MADE is
/// `call`, or `found` when no argument of the call tells that it makes descriptors (recvmsg, ioctl,
/// clone). DROPPED is `open`, `call`, `exec` or `exit`. ACCESS is `r`, `w`, `rw` or `path`, CLOEXEC
/// 1 or 0, and NAME what the link in /proc says, all after the opening call. In between stand the
/// marks of each program:
///
///     begin PID TIME      main() was reached; what was opened until then is the dynamic linker's
///     exec PID TIME       the program is about to be replaced, or to fail to be
///     kept PID TIME       it was not replaced
///
/// The truth file itself is opened and closed by each program before its `begin`.
namespace fd_truth {

using Time = long long;  ///< CLOCK_REALTIME, nanoseconds
Time now();

/// Says what failed, with errno, and ends the process with status 9.
[[noreturn]] void die(const char* what);
/// Dies when the result is negative.
long must(long result, const char* what);

enum class Made : std::uint8_t { call, found };
enum class Dropped : std::uint8_t { open, call, exec, exit };

/// Maps the file. Descriptors that this process had before its exec, and that were in the file, are
/// known again; those that the exec closed are told.
void open_truth(const char* path);
/// The directory of the truth file, where all other files are made.
const char* directory();

/// From now on the calling thread has a table of its own, in which nothing is known: after fork and
/// unshare. What it inherited is nobody's truth.
void begin_table();
/// The table of the calling thread: to be used by another thread, or again after vfork.
void* current_table();
void use_table(void* table);

/// The truth holds an open descriptor of this number.
bool is_known(int fd);

/// Tells a descriptor of the calling thread's table.
void tell_made(int fd, Time before, Time after, Made how = Made::call);
/// A descriptor that is about to be dropped. Taken out of the table before the call, since another
/// thread may have the number before the call returns.
class Dropping {
  public:
    explicit Dropping(int fd);
    void tell(Time before, Time after, Dropped how = Dropped::call) const;
    /// The call failed: the descriptor is still there.
    void take_back() const;

  private:
    int fd_;
    std::uint32_t line_;
};
/// Tells that all descriptors of the table end with their process or with its exec, from now on.
void tell_all_dropped(Dropped how);
/// The exec failed.
void take_all_back();

/// Runs a call that makes a descriptor: gives that, or -1 when the call failed.
template <class Call>
int made(Call call, Made how = Made::call) {
    const Time before = now();
    const auto fd = static_cast<int>(call());
    const Time after = now();
    if (fd >= 0) tell_made(fd, before, after, how);
    return fd;
}
/// Dies when the call fails.
template <class Call>
int make(Call call, Made how = Made::call) {
    return static_cast<int>(must(made(call, how), "a call that makes a descriptor"));
}
/// Of two descriptors: `call` gets the array.
template <class Call>
std::array<int, 2> make_two(Call call) {
    std::array<int, 2> ends{};
    const Time before = now();
    must(call(ends.data()), "a call that makes two descriptors");
    const Time after = now();
    for (const int fd : ends) tell_made(fd, before, after);
    return ends;
}
/// Runs a call that makes `target`, which may be open already: dup2 and dup3. -1: it failed.
template <class Call>
int make_over(int target, Call call) {
    const Dropping old(target);
    const Time before = now();
    const auto fd = static_cast<int>(call());
    const Time after = now();
    if (fd < 0) {
        old.take_back();
        return fd;
    }
    old.tell(before, after);
    tell_made(fd, before, after);
    return fd;
}
/// A call that must fail.
void must_fail(long result, const char* what);

int open_file(const char* path, int flags, int mode = 0600);
void drop(int fd);
void drop(const std::array<int, 2>& ends);
/// close_range() without CLOSE_RANGE_CLOEXEC, of a table that no other task has.
void drop_range(unsigned first, unsigned last, int flags);

/// Makes so many files for FileName(index), which counts in rounds.
void make_files(long count);

/// A path below directory().
class FileName {
  public:
    /// Of one of the files that make_files() made.
    explicit FileName(long index);
    explicit FileName(std::string_view name);
    FileName(std::string_view name, long index);
    [[nodiscard]] const char* path() const { return text_.data(); }

  private:
    std::array<char, 512> text_{};
};

/// Marks, and the exec of this program in another mode. Returns only when it failed.
void mark(const char* what);
void run_again(const char* program, const char* mode, long count);
/// Ends the process; what is open is told to end with it.
[[noreturn]] void end_with_open(int status);

int fork_child();
/// A child by fork() that has a table of its own, runs `body`, and ends with what it left open.
template <class Body>
int in_child(Body body) {
    const int child = fork_child();
    if (child != 0) return child;
    begin_table();
    body();
    end_with_open(0);
}
/// Waits for the child, which must end with status 0; or by SIGKILL.
void reap(int child);
void reap_killed(int child);

struct Mode {
    std::string_view name;
    void (*run)(long count);
    long most_names = 40;  ///< of files
};

}  // namespace fd_truth
