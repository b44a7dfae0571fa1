#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/descriptor/file_asker.hpp>
#include <logfia/descriptor/file_identity.hpp>
#include <logfia/descriptor/link_text.hpp>
#include <logfia/descriptor/mount_tables.hpp>
#include <logfia/descriptor/wanted_facts.hpp>
#include <logfia/event/event.hpp>
#include <logfia/process/process.hpp>
#include <logfia/procfs/fd_info.hpp>
#include <logfia/procfs/internal_mounts.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/procfs/tty_drivers.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logfia {

/// A descriptor to be described, and what was learned of it.
struct Description {
    int fd = -1;
    std::string_view name;  ///< the link, as it was read when the descriptor was noticed
    Descriptor descriptor{};
    FileIdentity identity{};
};

/// Says what descriptors are: from the link's text, fdinfo and, where the filesystem cannot block
/// the caller, the file itself.
///
/// Each source is a separate question, and the number may belong to another file at each of them.
/// So the inode number of a socket or a pipe must be that of its link; the file itself tells its
/// name together with its inode and mount, which must be those of fdinfo; for all other types, the
/// link must still be the same afterwards, and fdinfo too: checked a few times in a row if the
/// process slept all the while, else many times. Facts that do not fit are asked for again a few
/// times, and then left out.
class Describer {
  public:
    Describer(const ProcRoot& root, WantedFacts wanted);

    /// Once a look, before anything is described.
    void begin_look(SteadyTime now);
    /// With each look, also with one that finds all processes asleep.
    void let_go_idle(SteadyTime now) {
        if (mounts_) mounts_->let_go_idle(now);
    }
    /// The process has ended.
    void forget(const Process& process);

    /// The meaning of a process having slept all the while.
    enum class Sleep : std::uint8_t {
        speaks_for_it,  ///< the table has hardly changed
        says_nothing,   ///< another process has been seen to change the table
    };
    /// Fills in what is wanted, but for the details of sockets. `process` must be acquired. Facts
    /// that cannot be learned (because the descriptor was closed meanwhile, or may not be read)
    /// stay absent.
    void describe(const Process& process, std::span<Description> batch, Sleep sleep);

    /// True when another file may take the number without its link becoming another text: a memfd,
    /// a device, the other end of a pipe, an object without a name that has an inode of its own.
    [[nodiscard]] bool may_be_replaced_unseen(const Descriptor& descriptor,
                                              const FileIdentity& identity) const;
    /// The identity according to fdinfo, which is a single answer and therefore about one file.
    FileIdentity identity_now(const Process& process, const Descriptor& descriptor);

    /// A line for the user, returned once whenever the problem begins; null: nothing new.
    const char* new_notice();

    /// Reads again what an inotify or fanotify watches, or what an io_uring holds; `process` must
    /// be acquired.
    void refresh_object(const Process& process, Descriptor& out);

  private:
    enum class Stage : std::uint8_t {
        unread,   ///< nothing was learned yet, or nothing that fits
        asked,    ///< the file itself is being asked
        checked,  ///< fits if the link is the same again
        done,
    };
    struct Work {
        Stage stage = Stage::unread;
        FdInfo info{};
        std::size_t question = 0;          ///< of `files_`
        std::optional<FileAnswer> file{};  ///< of that name, though fdinfo was not about it
    };

    void describe_some(const Process& process, std::span<Description> batch, Sleep sleep);
    [[nodiscard]] bool is_told_by_link(const Description& out) const;
    static bool is_whole_socket(const Process& process, const Description& out);
    [[nodiscard]] std::optional<Duration> clock_where_it_counts(
        const Process& process, std::span<const Description> batch) const;
    bool has_a_place(const Process& process, FdType type, const FdInfo& info);
    void read(const Process& process, Description& out, Work& work);
    void read_path(const Process& process, Description& out, Work& work);
    void read_memory(const Process& process, Description& out, Work& work);
    void use_answer(const Process& process, Description& out, Work& work);
    void check_links(const Process& process, std::span<const Description> batch,
                     std::optional<Duration> since);
    [[nodiscard]] bool stays_the_same(const Process& process, const Description& out,
                                      std::string_view order);
    [[nodiscard]] bool reads_the_same(const Process& process, const Description& out);
    void add_facts(const FileAnswer& file, Description& out) const;
    void leave_out_doubtful(Description& out, const Work& work) const;
    UniqueFd open_info(const Process& process, int fd);
    std::string_view read_info(const Process& process, int fd, FdType type);
    std::string_view read_info(const UniqueFd& file, FdType type);

    WantedFacts wanted_;
    UniqueFd info_dir_;  // `/proc/N/fdinfo`, while many are described
    TtyDrivers ttys_;
    std::vector<char> info_;             // fdinfo of the descriptor that is described
    std::vector<char> link_;             // compared with the kernel's
    std::optional<MountTables> mounts_;  // absent: nothing is wanted of a path
    FileAsker files_;
    InternalMounts internal_;
    std::optional<std::uint64_t> shared_inode_;
    bool names_are_the_kernels_;  // not a tree that a test has built
    std::vector<Work> work_;      // for each that is described
    SteadyTime now_{};
    int lacking_ = 0;     // errno of the first question for which we had no descriptor or memory
    std::string notice_;  // of that, once told
};

}  // namespace logfia
