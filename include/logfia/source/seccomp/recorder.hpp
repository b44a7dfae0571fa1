#pragma once

#include <logfia/descriptor/wanted_facts.hpp>
#include <logfia/process/process.hpp>
#include <logfia/process/user.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/socket/socket_probe.hpp>
#include <logfia/source/seccomp/change_queue.hpp>
#include <logfia/source/seccomp/descriptor_reader.hpp>
#include <logfia/source/seccomp/model.hpp>
#include <logfia/source/seccomp/socket_reader.hpp>
#include <logfia/source/seccomp/unix_ends.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace logfia {

struct RecorderOptions {
    WantedFacts facts{};         ///< of each descriptor
    bool socket_details = true;  ///< false: sockets are not asked what they are
    SocketProbe::Options sockets{};
    bool objects = false;   ///< the targets of an epoll or the like are asked at its close
    bool programs = false;  ///< a process's executable, parent and user are wanted
    bool limits = false;    ///< and its RLIMIT_NOFILE
    bool rights = false;    ///< programs that would give rights are told: nobody gains any
};

/// Makes changes of what the model finds out, for a reader on another thread. Facts are read while
/// their process stands still; nothing is formatted.
class Recorder final : public ModelObserver {
  public:
    /// Called once for each process, told or not.
    using Seen = std::function<void(pid_t)>;
    /// `root` and `queue` must outlive it.
    Recorder(const ProcRoot& root, const RecorderOptions& options, ChangeQueue& queue, Seen seen);

    /// While this holds, what is opened is left out and counted, and so is its close: too much
    /// waits for the reader.
    void set_full(bool full, Now now);
    /// The clock at the call that is being entered.
    void set_now(Now now) { now_ = now; }

    void process_seen(const TracedProcess& process) override { seen_(process.pid); }
    void process_began(const TracedProcess& process, Now at) override;
    void process_executed(const TracedProcess& process, Now at) override;
    void process_ended(const TracedProcess& process, Now at, std::optional<int> status) override;
    void table_named(const TracedTable& table) override;
    void table_ended(const TracedTable& table) override;
    void opened(const TracedTable& table, NumberEntry& entry, const Opening& opening) override;
    void inherited(const TracedTable& table, int fd, NumberEntry& entry, Now at) override;
    void closing(const TracedTable& table, int fd, NumberEntry& entry) override;
    void closed(const TracedTable& table, int fd, const NumberEntry& entry, Now at,
                bool at_exit) override;
    bool socket_changed(const TracedTable& table, int fd, NumberEntry& entry, Now at) override;
    void renamed(const TracedTable& table, int fd, const NumberEntry& entry, std::string_view link,
                 Now at) override;
    void lost(const TracedProcess* process, Now at, std::string reason) override;

  private:
    /// Held of a process while it lives.
    struct Held {
        std::optional<Process> process{};
        bool tried = false;
        bool uses_io_uring = false;
        SocketAccess access{};
        std::string comm{};
        SteadyTime comm_read{};
    };
    /// Remembered of a descriptor that may be asked again.
    struct Detail {
        FdType type;
        std::uint64_t inode = 0;  // of a socket
    };

    void push(Now at, decltype(Change::what) what);
    Held& held(const TracedProcess& process);
    ProgramFacts read_facts(const TracedProcess& process);
    std::string read_comm(pid_t pid);
    void refresh_comm(const TracedProcess& process);
    Process* open_process(const TracedProcess& process);
    std::uint64_t describe_socket(const TracedTable& table, NumberEntry& entry,
                                  const Opening& opening, Descriptor& out);
    std::optional<EventKind> ask_socket(const TracedTable& table, int fd, std::uint64_t id,
                                        std::uint64_t inode);
    bool is_settled(std::uint64_t id);
    void socket_closing(const TracedTable& table, int fd, std::uint64_t id);
    std::uint64_t other_end(std::uint64_t id, UnixEnds::Asking asking);
    [[nodiscard]] BlockingRequest question_about(const TracedProcess& process) const;
    std::shared_ptr<const ObjectInfo> ask_epoll(const TracedProcess& process, int fd);
    void tell_details(const TracedTable& table, std::uint64_t id, Now at,
                      std::optional<EventKind> progress, bool at_close);
    void warn_of_rights(const TracedProcess& process, Now at);
    void warn_of_io_uring(const TracedProcess& process, Now at);

    const ProcRoot& root_;
    RecorderOptions options_;
    ChangeQueue& queue_;
    Seen seen_;
    DescriptorReader reader_;
    SocketReader sockets_;
    UnixEnds unix_ends_;
    BlockingAsker asker_;  // of all but sockets
    UserNames users_;
    std::set<std::string> warned_of_rights_;             // programs
    std::unordered_map<std::uint64_t, Held> held_;       // by the process's number
    std::unordered_map<std::uint64_t, Detail> details_;  // by the descriptor's id
    Now now_;
    std::uint64_t ids_ = 0;
    std::uint64_t left_out_ = 0;
    bool full_ = false;
    bool warned_of_io_uring_ = false;
};

}  // namespace logfia
