#include <logfia/process/open_processes.hpp>

namespace logfia {

OpenedProcesses open_processes(const ProcRoot& root, std::span<const pid_t> pids,
                               const DescriptorBudget& budget) {
    OpenedProcesses opened;
    if (pids.size() > budget.processes()) opened.notice = budget.advice(pids.size());
    for (const pid_t pid : pids) {
        auto process = Process::open(root, pid, budget.holding_of_next(opened.processes.size()));
        if (process) {
            opened.processes.push_back(std::move(*process));
        } else {
            opened.errors.push_back(process.error());
        }
    }
    return opened;
}

}  // namespace logfia
