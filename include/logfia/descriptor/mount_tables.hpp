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

/// Finds the mount that an open file is on, whichever process has it open. Mount ids are the same
/// in all mount namespaces (mnt_alloc_id(), fs/namespace.c), but a mountinfo lists only the mounts
/// that can be reached from the root that its process had when the mountinfo was opened
/// (show_mountinfo(), fs/proc_namespace.c). A file inherited from another namespace, and every file
/// after a pivot_root(2), is therefore on a mount that the table held for the process does not
/// list: then the table is opened again, and the tables of the process's ancestors are searched.
///
/// An open mountinfo keeps its namespace and a root alive. So a table is closed when the last
/// process that was answered from it has ended, and when it has been of no use for kIdle.
class MountTables {
  public:
    static constexpr Duration kIdle = std::chrono::seconds(10);

    /// Asks `root` as long as it is open.
    explicit MountTables(const ProcRoot& root);

    /// To be called before find(): tables are checked for changes again.
    void begin_look(SteadyTime now);
    /// To be called with each look, even one that is skipped: costs a comparison of times.
    void let_go_idle(SteadyTime now);
    /// The process has ended.
    void forget(const Process& process);

    /// `process` must be acquired. A mount that no table lists is searched for once, and again when
    /// one of the tables has changed or kIdle has passed.
    MountEntry find(const Process& process, int mount_id);

    /// Tables that are held open, not counting our own.
    [[nodiscard]] std::size_t held() const { return views_.size(); }
    /// How often tables were opened.
    [[nodiscard]] std::uint64_t times_opened() const { return times_opened_; }

  private:
    struct View {
        std::uint64_t name_space;
        MountTable table;
        SteadyTime used{};
        std::uint64_t round = 0;              // when the table was last checked for changes
        std::vector<const Process*> users{};  // processes answered from this table, ascending
    };
    /// The view that a mountinfo is read from: its text depends on nothing else.
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
    std::set<std::pair<std::uint64_t, int>> unlisted_;  // by namespace: mounts not found
    SteadyTime unlisted_since_{};
    const Process* current_ = nullptr;  // the process that is asked about
    std::uint64_t name_space_ = 0;      // of current_
    std::uint64_t round_ = 0;
    SteadyTime now_{};
    SteadyTime next_idle_ = SteadyTime::max();
    std::uint64_t times_opened_ = 0;
};

}  // namespace logfia
