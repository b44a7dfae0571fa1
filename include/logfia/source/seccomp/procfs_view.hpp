#pragma once

#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/seccomp/filter.hpp>
#include <logfia/source/seccomp/kernel_view.hpp>
#include <logfia/source/seccomp/listener.hpp>

namespace logfia {

/// The real KernelView: procfs, kcmp(2) and the listener.
class ProcfsView final : public KernelView {
  public:
    /// `root` and `listener` must outlive it.
    ProcfsView(const ProcRoot& root, const Listener& listener, DescriptorCount count)
        : root_(root), listener_(listener), count_(count) {}

    std::optional<TaskFacts> task(pid_t thread) override;
    bool share_table(pid_t a, pid_t b) override;
    std::vector<pid_t> threads_of(pid_t process) override;
    std::unique_ptr<TableView> open_table(pid_t thread) override;
    std::optional<ProgramImage> image_of(pid_t process) override;
    bool may_be_in_call(pid_t thread, int number) override;
    bool caller_stands() override { return listener_.still_stands(); }

  private:
    const ProcRoot& root_;
    const Listener& listener_;
    DescriptorCount count_;
};

}  // namespace logfia
