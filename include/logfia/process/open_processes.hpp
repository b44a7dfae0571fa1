#pragma once

#include <logfia/base/error.hpp>
#include <logfia/process/descriptor_budget.hpp>
#include <logfia/process/process.hpp>

#include <span>
#include <string>
#include <vector>

namespace logfia {

/// The outcome of opening processes by their PIDs.
struct OpenedProcesses {
    std::vector<Process> processes;
    std::vector<Error> errors;  ///< for each process that could not be opened
    std::string notice;         ///< not empty: there are too few descriptors to hold all processes
};

/// Opens each of `pids`, holding as many as the budget allows.
OpenedProcesses open_processes(const ProcRoot& root, std::span<const pid_t> pids,
                               const DescriptorBudget& budget);

}  // namespace logfia
