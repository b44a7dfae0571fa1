#pragma once

#include <logfia/descriptor/ancestry.hpp>
#include <logfia/event/numbers.hpp>
#include <logfia/process/process_watcher.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/pidfds.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace logfia {

/// The watched processes in the order of their PIDs, including those whose end is not yet reported,
/// and the last tables of those that ended before.
class WatchList final : public ProcessWatcher {
  public:
    /// `root` and `numbers` must outlive it.
    WatchList(const ProcRoot& root, Numbers& numbers) : root_(root), numbers_(numbers) {}

    void add(Process process, Origin origin = {}) override;
    [[nodiscard]] std::size_t watched() const override { return processes_.size(); }
    [[nodiscard]] bool watches(pid_t pid, std::uint64_t start_time = 0) const override;
    [[nodiscard]] std::vector<pid_t> pids() const override;
    bool note_exec(pid_t pid) override;
    void note_exit(pid_t pid, int code) override;
    void note_comm(pid_t pid, std::string_view comm) override;
    void forget_past(pid_t pid) override { past_.forget(pid); }
    void collect_looked_at(std::vector<pid_t>& out) override;

    [[nodiscard]] std::span<const std::unique_ptr<WatchedProcess>> all() const {
        return processes_;
    }
    /// How many were added up to now.
    [[nodiscard]] std::uint64_t seen() const { return seen_; }
    /// Processes that have called exec since the last call, as far as that was told.
    [[nodiscard]] std::vector<WatchedProcess*> collect_execs();
    /// The newest process of that number, which may have ended in this very look; null: there is
    /// none.
    [[nodiscard]] const WatchedProcess* newest(pid_t pid) const;
    /// The last table of a process that was watched and has ended; null: it is not known.
    [[nodiscard]] const FdSnapshot* past_table(pid_t pid) const { return past_.find(pid); }

    [[nodiscard]] Pidfds& pidfds() { return pidfds_; }

    /// The process has ended: it stays until forget_ended().
    void end(WatchedProcess& watched);
    void forget_ended();

  private:
    using List = std::vector<std::unique_ptr<WatchedProcess>>;
    [[nodiscard]] List::const_iterator at_or_after(pid_t pid) const;
    [[nodiscard]] WatchedProcess* find(pid_t pid) const;
    [[nodiscard]] WatchedProcess* unreported(pid_t pid) const;
    void remember_table(WatchedProcess& watched);

    const ProcRoot& root_;
    Numbers& numbers_;
    List processes_;
    Pidfds pidfds_;
    PastTables past_;
    std::vector<WatchedProcess*> execs_;
    std::uint64_t seen_ = 0;
    bool some_ended_ = false;
};

}  // namespace logfia
