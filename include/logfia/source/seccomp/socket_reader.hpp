#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/descriptor.hpp>
#include <logfia/event/event_kind.hpp>
#include <logfia/process/process.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/socket/blocking_asker.hpp>
#include <logfia/socket/socket_probe.hpp>
#include <logfia/source/seccomp/call.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

namespace logfia {

/// Knows what the sockets of traced processes are: from the arguments of the call that has made
/// them, from the descriptor that was duplicated, or else from the socket itself, through a copy
/// that is held for a microsecond (BlockingAsker).
class SocketReader {
  public:
    /// `root` must outlive it.
    SocketReader(const ProcRoot& root, SocketProbe::Options options);

    /// A descriptor of a process whose sockets may be asked.
    struct Asked {
        Process* process;
        SocketAccess* access;
        int fd;
        std::uint64_t inode;
    };
    struct State {
        FdType type = FdType::socket;
        std::shared_ptr<const SocketInfo> info{};
        std::uint64_t cookie = 0;
        std::optional<TcpTotals> totals{};
    };

    /// Remembers a new descriptor and says what is known of it without asking; false: nothing is.
    /// `copy_of` is the id of the descriptor that was duplicated, 0 for none; `entry` may be null.
    bool add(std::uint64_t id, std::uint64_t copy_of, const CallEntry* entry);
    /// Asks the socket. Returns what has happened to it since it was last asked.
    std::optional<EventKind> ask(std::uint64_t id, const Asked& asked, SteadyTime now);
    [[nodiscard]] const State& state(std::uint64_t id) { return sockets_[id]; }
    /// False when a question at the socket's close would tell nothing new.
    [[nodiscard]] bool may_still_change(std::uint64_t id);
    /// True while a connection is being made.
    [[nodiscard]] bool is_connecting(std::uint64_t id);
    /// The final figures of a connection that is closed, whose descriptor is forgotten.
    std::optional<TcpTotals> remove(std::uint64_t id);

  private:
    const ProcRoot& root_;
    bool with_totals_;
    BlockingAsker asker_;
    SocketProbe probe_;
    std::unordered_map<std::uint64_t, State> sockets_;  // by the id of the descriptor
};

/// Tells what a new socket is from its maker's arguments; absent where they do not say.
std::optional<SocketReader::State> state_of_new_socket(const CallEntry& entry);

}  // namespace logfia
