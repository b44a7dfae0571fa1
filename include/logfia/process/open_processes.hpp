#pragma once

#include <logfia/base/error.hpp>
#include <logfia/process/holdings.hpp>
#include <logfia/process/process.hpp>

#include <span>
#include <string>
#include <vector>

namespace logfia {

/// What came of opening processes by their PIDs.
struct OpenedProcesses {
    std::vector<Process> processes;
    std::vector<Error> errors;  ///< one for each that could not be opened
    std::string notice;         ///< not empty: not all are held, since descriptors are too few
};

/// Opens each of `pids`, holding as many as `holdings` allows.
OpenedProcesses open_processes(const ProcRoot& root, std::span<const pid_t> pids,
                               const Holdings& holdings);

}  // namespace logfia
