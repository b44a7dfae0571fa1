#pragma once

#include <logfia/descriptor/ledger.hpp>
#include <logfia/socket/unix_diag.hpp>
#include <logfia/source/poll/holder_index.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace logfia {

/// Finds out which process has the other end of a unix socket. The socket itself tells only who
/// made that end (SO_PEERCRED, unix(7)), which may have been handed over since, as a service
/// manager does with a listening socket. The kernel tells the inode of the other end (UnixDiag),
/// and the tables of the watched processes tell who has a socket of that inode.
class UnixPeers {
  public:
    /// A descriptor of a socket with a lasting peer (has_lasting_peer()).
    struct End {
        WatchedProcess* process = nullptr;
        std::uint32_t slot = 0;
    };
    /// Names the peers of `connected`, which were described in this look, and of the sockets at
    /// their other ends. Whatever is opened or closed may change who has a socket: what was closed
    /// is looked at as well, before the ledger is published.
    void name(std::span<const End> connected, WatchedProcesses processes, Ledger& ledger);

  private:
    struct Pair {
        std::uint64_t inode = 0;
        std::uint64_t peer = 0;

        bool operator==(const Pair&) const = default;
        bool operator<(const Pair& other) const {
            return inode != other.inode ? inode < other.inode : peer < other.peer;
        }
    };
    using Holder = HolderIndex::Holder;
    using Holders = std::span<const Holder>;

    void ask(std::span<const End> connected);
    void index(WatchedProcesses processes);
    void name_makers();
    static void name_peer(const DescriptorOwner& owner, KnownFd& known, Holders ends);
    void let_go();

    UnixDiag diag_;
    std::vector<UnixDiag::Question> questions_;
    std::vector<Pair> pairs_;
    HolderIndex holders_;  // of both ends, as far as they are open
};

}  // namespace logfia
