#pragma once

#include <logfia/event/event.hpp>
#include <logfia/process/process.hpp>
#include <logfia/socket/stall.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace logfia {

/// Lessons from asking the sockets of one process. The owner of the process keeps this for
/// SocketProbe from one batch to the next.
struct SocketAccess {
    enum class Copies : std::uint8_t {
        possible,  ///< as far as is known
        refused,   ///< by the kernel (pidfd_getfd(2), ptrace(2)): no other try is worth its cost
    };
    std::uint64_t owner = 0;  ///< the process's number, as BlockingRequest has it
    Copies copies = Copies::possible;
    Stall stall{};  ///< while this holds, no socket of the process is asked itself
};

/// A question about one socket of a process, and the answer.
struct SocketQuery {
    enum class About : std::uint8_t {
        whole,   ///< everything that can be known
        totals,  ///< of a TCP connection: `state` and `totals`
    };
    /// Whether a table may be read for this question now, where the socket itself says too little.
    enum class Tables : std::uint8_t { now, later };
    /// The next thing to be done.
    enum class Stage : std::uint8_t {
        copy,   ///< a copy of the socket is to be asked
        hint,   ///< the attribute `system.sockprotoname` is to be asked
        table,  ///< a table of its network namespace is to be read
        done,
    };
    /// How the question to the socket itself went.
    enum class Copy : std::uint8_t {
        none,       ///< not put, or refused: that is not allowed
        answered,   ///< where the stage is `table` all the same, a peer is looked for there
        failed,     ///< not this time, though it is allowed: the next batch may succeed
        postponed,  ///< the number may be free by now, or the tables have to wait: ask later
        stalled,    ///< the kernel would keep us waiting, so that nothing is asked for a while
    };
    /// Where the answer comes from.
    enum class Told : std::uint8_t {
        nothing,
        copy,
        copy_without_peer,  ///< a table may know one, but none may be read yet
        hint,               ///< the type or the family alone, and no table has more
        another,            ///< another descriptor of the same socket (describe_as())
        table,              ///< or no table, when nothing was found
    };

    // The question.
    Process* process = nullptr;      ///< acquired while it is put; outlives the batch
    SocketAccess* access = nullptr;  ///< of the process; outlives the batch
    std::uint64_t ticket = 0;        ///< the caller's own, to know the answer by
    int fd = -1;
    std::uint64_t inode = 0;
    About about = About::whole;
    Tables tables = Tables::now;

    // The state of knowledge, and then the answer.
    FdType type = FdType::socket;
    std::shared_ptr<const SocketInfo>
        info{};                ///< unchanged, the same object, where nothing has changed
    std::uint64_t cookie = 0;  ///< of a TCP socket whose end is listened for
    SocketState state = SocketState::unknown;  ///< the answer about totals
    std::optional<TcpTotals> totals{};         ///< of a TCP connection that was asked itself

    Stage stage = Stage::done;
    Copy copy = Copy::none;
    Told told = Told::nothing;

    // For the probe, on the way.
    std::uint64_t network = 0;  ///< network_of() the process; 0: not read yet
    std::string zone{};         ///< of a peer that is looked for in a table
};

/// A socket as it is known from another descriptor of it: the open file description is shared
/// (fork(2), unix(7)), and so is everything that is true of it.
struct SharedSocket {
    FdType type = FdType::socket;
    std::shared_ptr<const SocketInfo> info;
    bool up_to_date = false;  ///< nothing can have happened to the socket since
};

/// True of a new socket that has not answered itself: another descriptor of it may be known.
inline bool lacks_answer(const SocketQuery& query) {
    return query.about == SocketQuery::About::whole && query.copy != SocketQuery::Copy::answered;
}

/// Describes the socket as `other` does, which ends the query unless a table may know better than a
/// description that may be outdated.
void describe_as(SocketQuery& query, const SharedSocket& other);

}  // namespace logfia
