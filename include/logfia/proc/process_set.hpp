#pragma once

#include <logfia/base/error.hpp>
#include <logfia/proc/process.hpp>

#include <span>
#include <string>
#include <vector>

namespace logfia {

/// What came of opening processes by their PIDs.
struct OpenedProcesses {
    std::vector<Process> processes;
    std::vector<Error> errors;  ///< one for each that could not be opened
    std::string notice;         ///< not empty: they are not held, since descriptors are too few
};

/// Opens each of `pids`. Three descriptors hold a process; when they do not fit the limit of open
/// files, the soft limit is raised as far as the hard one allows (setrlimit(2)), and when that is
/// not enough either, the processes are reopened at each look instead.
OpenedProcesses open_processes(const ProcRoot& root, std::span<const pid_t> pids);

}  // namespace logfia
