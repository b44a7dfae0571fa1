#pragma once

#include <logfia/process/process_watcher.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia::test {

/// Does no looking: keeps the processes that it was handed, and reports the calls as lines.
class FakeWatcher final : public ProcessWatcher {
  public:
    void add(Process process, Origin origin) override {
        std::string line = fmt::format("{} {}", process.pid(), name_of(origin.start));
        for (const Ancestor& one : origin.ancestors)
            line += fmt::format(" {}{}", one.lives ? "" : "the late ", one.pid);
        for (const GivenFd& one : origin.given) line += fmt::format(" {}={}", one.fd, one.name);
        told.push_back(std::move(line));
        processes_.push_back(std::move(process));
    }
    [[nodiscard]] std::size_t watched() const override { return processes_.size(); }
    [[nodiscard]] bool watches(pid_t pid, std::uint64_t start_time) const override {
        return std::any_of(processes_.begin(), processes_.end(), [&](const Process& one) {
            return one.pid() == pid && (start_time == 0 || one.start_time() == start_time);
        });
    }
    [[nodiscard]] std::vector<pid_t> pids() const override {
        std::vector<pid_t> list;
        for (const Process& one : processes_) list.push_back(one.pid());
        return list;
    }
    bool note_exec(pid_t pid) override {
        if (!watches(pid, 0)) return false;
        told.push_back(fmt::format("{} exec", pid));
        return true;
    }
    void note_exit(pid_t pid, int code) override {
        told.push_back(fmt::format("{} exit {}", pid, code));
    }
    void note_comm(pid_t pid, std::string_view comm) override {
        told.push_back(fmt::format("{} comm {}", pid, comm));
    }
    void forget_past(pid_t pid) override { forgotten.push_back(pid); }
    void collect_looked_at(std::vector<pid_t>& out) override {
        out = std::exchange(looked_at_, {});
    }

    /// Behaves as a look that notices the end of a process.
    void end(pid_t pid) {
        std::erase_if(processes_, [pid](const Process& one) { return one.pid() == pid; });
    }
    /// Behaves as a look at a process that has run.
    void look_at(pid_t pid) { looked_at_.push_back(pid); }

    std::vector<std::string> told;
    std::vector<pid_t> forgotten;  ///< processes whose numbers others have now

  private:
    static std::string_view name_of(Origin::Start start) {
        switch (start) {
            case Origin::Start::before_watch:
                return "before";
            case Origin::Start::during_watch:
                return "during";
            case Origin::Start::launched:
                return "launched";
        }
        return "?";
    }

    std::vector<Process> processes_;
    std::vector<pid_t> looked_at_;
};

}  // namespace logfia::test
