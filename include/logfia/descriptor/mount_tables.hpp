#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/process/process.hpp>
#include <logfia/procfs/mount_table.hpp>
#include <logfia/procfs/proc_root.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace logfia {

/// The mount that an open file is on, whoever has it. A mount id is the kernel's, the same in all
/// mount namespaces (mnt_alloc_id(), fs/namespace.c), but each mountinfo lists only what can be
/// reached from the root that its process had when it was opened (show_mountinfo(),
/// fs/proc_namespace.c). A file that was inherited from another namespace, and all files after a
/// pivot_root(2), are on mounts that the table held for a process does not list: then it is opened
/// anew, and those of the process's ancestors are asked.
///
/// An open mountinfo keeps its namespace and a root alive, so it is let go of when the last process
/// that was told from it has ended, and when it was of no use for kIdle.
class MountTables {
  public:
    static constexpr Duration kIdle = std::chrono::seconds(10);

    /// Asks `root` as long as it is open.
    explicit MountTables(const ProcRoot& root);

    /// Before find(): tables are asked again whether they have changed.
    void begin_look(SteadyTime now);
    /// With each look, taken or spared: costs a comparison of times.
    void let_go_idle(SteadyTime now);
    /// The process has ended.
    void forget(const Process& process);

    /// `process` must be acquired. A mount that no table lists is searched for once, and again when
    /// one of the tables has changed or kIdle has passed.
    MountEntry find(const Process& process, int mount_id);

    /// Tables that are held open, our own not counted.
    [[nodiscard]] std::size_t held() const { return views_.size(); }
    /// How often tables were opened.
    [[nodiscard]] std::uint64_t times_opened() const { return times_opened_; }

  private:
    struct View {
        std::uint64_t name_space;
        MountTable table;
        SteadyTime used{};
        std::uint64_t round = 0;              // when it was asked last whether it has changed
        std::vector<const Process*> users{};  // processes that were told from it, ascending
    };
    /// From where a mountinfo is read: its text depends on nothing else.
    struct Viewpoint {
        std::uint64_t name_space;
        std::uint64_t root;  // a digest of the link's text
        bool operator==(const Viewpoint&) const = default;
    };
    enum class Whose { of_its_namespace, of_others };

    void enter(const Process& process);
    std::optional<MountEntry> find_in(View& view, int mount_id);
    std::optional<MountEntry> find_held(int mount_id, Whose whose);
    std::optional<MountEntry> find_anew(int mount_id);
    std::optional<MountEntry> find_among_ancestors(int mount_id);
    std::optional<MountEntry> search(int mount_id);
    View view_of(int process_dir, std::uint64_t name_space);
    void hold(View view);
    void make_room(std::uint64_t name_space);

    int root_;
    /// Our own mounts, only when our procfs is meant, since the ids are the kernel's.
    std::optional<MountTable> own_;
    std::uint64_t own_round_ = 0;
    std::vector<View> views_;
    std::set<std::pair<std::uint64_t, int>> unlisted_;  // by namespace, in vain searched for
    SteadyTime unlisted_since_{};
    const Process* current_ = nullptr;  // the process that is asked about
    std::uint64_t name_space_ = 0;      // of current_
    std::uint64_t round_ = 0;
    SteadyTime now_{};
    SteadyTime next_idle_ = SteadyTime::max();
    std::uint64_t times_opened_ = 0;
};

}  // namespace logfia
