#pragma once

#include <logfia/procfs/proc_stat.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace logfia {

/// The answer of `/proc/N/fd/FD`.
struct Link {
    enum class State : std::uint8_t {
        open,        ///< `text` is the link
        absent,      ///< no descriptor has the number, or its task is gone
        unreadable,  ///< we may not look, or cannot; the number may be open or not
    };
    State state = State::absent;
    std::string_view text{};  ///< valid until the next question
};

/// The descriptor table of one thread (`/proc/N/fd`).
class TableView {
  public:
    virtual ~TableView() = default;
    /// Holds `/proc/N/fd` open; -1: nothing.
    [[nodiscard]] virtual int directory() const = 0;
    virtual Link link(int fd) = 0;
    /// How many numbers are open or reserved; absent where the kernel does not tell (st_size, since
    /// Linux 6.2).
    virtual std::optional<std::size_t> count() = 0;
    /// The numbers that are open, ascending; absent when they cannot be listed.
    virtual std::optional<std::vector<int>> list() = 0;
};

/// The questions that the model asks the kernel about threads and processes. None waits for
/// anybody.
class KernelView {
  public:
    virtual ~KernelView() = default;

    struct TaskFacts {
        pid_t process = 0;
        pid_t parent = 0;  ///< a process
    };
    /// Absent when the thread is gone.
    virtual std::optional<TaskFacts> task(pid_t thread) = 0;
    /// True when two threads have one descriptor table (KCMP_FILES, kcmp(2)); false also when one
    /// of them is gone. Where nobody may ask, true of threads of one process.
    virtual bool share_table(pid_t a, pid_t b) = 0;
    virtual std::vector<pid_t> threads_of(pid_t process) = 0;
    /// Null when the table may not be looked into, or the thread is gone.
    virtual std::unique_ptr<TableView> open_table(pid_t thread) = 0;
    /// Absent when the process is about to end, or may not be looked into.
    virtual std::optional<ProgramImage> image_of(pid_t process) = 0;
    /// False when the thread is certainly not in the call with that number any more.
    virtual bool may_be_in_call(pid_t thread, int number) = 0;
    /// True when the caller whose call was received last still stands, so that all that was read of
    /// it was true.
    virtual bool caller_stands() = 0;
};

}  // namespace logfia
