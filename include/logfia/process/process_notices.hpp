#pragma once

#include <logfia/base/error.hpp>
#include <logfia/event/notice_sink.hpp>
#include <logfia/process/descriptor_budget.hpp>
#include <logfia/process/pending_processes.hpp>
#include <logfia/process/wanted_processes.hpp>

#include <cstddef>

namespace logfia {

/// Tells a person of processes that are wanted and not watched. Notices of a kind that could come
/// without end are told once, or ten times.
class ProcessNotices {
  public:
    /// `wanted` must outlive the notices.
    explicit ProcessNotices(const WantedProcesses& wanted) : wanted_(wanted) {}

    /// What a person who waits for records should know at the start: `denied` processes may not be
    /// looked into, `watched` are.
    void start(std::size_t denied, std::size_t watched, NoticeSink& sink) const;
    /// The process of `error` cannot be watched, or not yet. With `--all` the number of those that
    /// this user may not look into is told at the start instead.
    void pending(PendingProcess::Why why, const Error& error, NoticeSink& sink);
    /// Processes cannot be listed just now.
    void unlisted(const Error& error, NoticeSink& sink);
    /// The kernel lists no children of a process.
    void no_children_files(NoticeSink& sink);
    /// More processes are watched than we have descriptors for (DescriptorBudget::advice()).
    void crowded(const DescriptorBudget& budget, std::size_t watched, NoticeSink& sink);

  private:
    static constexpr int kMostTold = 10;

    const WantedProcesses& wanted_;
    int denied_told_ = 0;
    int lacking_told_ = 0;
    bool crowded_told_ = false;
    bool unlisted_told_ = false;
    bool no_children_files_told_ = false;
};

}  // namespace logfia
