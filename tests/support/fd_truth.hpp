#pragma once

#include "support/watching.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace logfia::test {

/// Microseconds since the epoch, cut off, as records have them.
using Micros = long long;

/// A descriptor as fd_truth made it (tests/helper/truth).
struct TrueDescriptor {
    enum class Dropped { open, call, exec, exit };

    int pid = 0;
    int fd = 0;
    bool found = false;  ///< no argument of its call says that it makes descriptors
    Micros made_from = 0;
    Micros made_until = 0;
    Dropped dropped = Dropped::open;
    Micros dropped_from = 0;
    Micros dropped_until = 0;  ///< 0: not known
    std::string access{};
    bool cloexec = false;  ///< as it was made
    std::string name{};
};

struct Truth {
    struct Mark {
        std::string what;  ///< `begin`, `exec`, `kept`
        int pid = 0;
        Micros time = 0;
    };

    /// Is this the time of the dynamic linker, whose descriptors are not in the truth?
    [[nodiscard]] bool is_linkers(int pid, Micros time) const;

    std::string path;
    std::vector<TrueDescriptor> descriptors;
    std::vector<Mark> marks;
};

/// Throws std::runtime_error when it is not as fd_truth writes it.
Truth read_truth(const std::string& path);

/// In the directory of the build, or in the one that the environment variable FD_TRUTH_DIRECTORY
/// names.
struct TruthProgram {
    std::string name;  ///< `fd_truth`, `fd_truth_static`, `fd_truth_i386`
    std::string path;  ///< empty: it could not be built here
};
std::vector<TruthProgram> truth_programs();
TruthProgram truth_program();

/// A descriptor as the records tell it.
struct ToldDescriptor {
    int pid = 0;
    int fd = 0;
    bool initial = false;
    bool at_exit = false;
    Micros opened = 0;
    std::optional<Micros> closed{};
    std::string access{};
    bool cloexec = false;
    std::string name{};
};

/// Allowances for what cannot be the same in truth and records.
struct Leeway {
    bool any_pid = false;         ///< two processes have one table
    bool any_name = false;        ///< links cannot be read
    bool several_tables = false;  ///< a process has a number twice, in tables of its threads
    bool racing = false;          ///< threads open in one table at the same time
    int missing = 0;              ///< so many may not be told
};

/// Everything that is wrong with the records of a run that has ended: empty when all is as it was.
std::vector<std::string> compare(const Truth& truth, const JsonRecords& records,
                                 const Leeway& leeway = {});

/// Records that are wrong whatever the truth is: a close without its open, a descriptor that
/// is open twice or for ever, records that are not in the order of their times.
std::vector<std::string> contradictions(const JsonRecords& records, const Leeway& leeway = {});

}  // namespace logfia::test
