#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/descriptor.hpp>
#include <logfia/event/event_kind.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace logfia {

/// The facts of a process, as they were read when it began or ran another program.
struct ProgramFacts {
    std::string comm;  ///< any bytes
    std::string exe;   ///< empty: not known, or not wanted
    std::optional<pid_t> parent;
    std::optional<uid_t> user;
    std::optional<std::uint64_t> fd_limit;  ///< RLIMIT_NOFILE, where it is wanted
};

/// Something that the thread that serves the calls hands over to the source, for which `process`,
/// `table` and `id` are numbers of the Model.
struct ProcessBegan {
    std::uint64_t process;
    pid_t pid;
    ProgramFacts facts;
};
struct ProcessExecuted {
    std::uint64_t process;
    ProgramFacts facts;
};
struct ProcessRenamed {
    std::uint64_t process;
    std::string comm;
};
struct ProcessEnded {
    std::uint64_t process;
    std::optional<int> status;  ///< as wait(2) tells it
};
struct TableNamed {
    std::uint64_t table;
    std::uint64_t process;
    pid_t thread;  ///< the only one that has it; 0: the table is the process's
};
struct TableEnded {
    std::uint64_t table;
};
struct DescriptorOpened {
    std::uint64_t table;
    std::uint64_t id;
    std::uint64_t copy_of;  ///< 0: of nothing
    bool initial;
    bool inherited;
    Descriptor descriptor;
    std::uint64_t peer_inode = 0;  ///< of a unix socket: of its other end; 0: not known
};
/// A child has a unix socket from its parent, of which nothing else is told but its close.
struct UnixSocketInherited {
    std::uint64_t table;
    std::uint64_t id;
    std::uint64_t inode;
};
struct DescriptorClosed {
    std::uint64_t table;
    std::uint64_t id;
    bool at_exit;
};
struct DescriptorRenamed {
    std::uint64_t table;
    std::uint64_t id;
    Descriptor descriptor;
};
/// A socket, or an object that watches others, has told more of itself.
struct DetailsLearned {
    std::uint64_t table;
    std::uint64_t id;
    FdType type;
    std::shared_ptr<const SocketInfo> socket;  ///< null: nothing new, and `type` says nothing
    std::shared_ptr<const ObjectInfo> object;
    std::optional<TcpTotals> totals;
    std::optional<EventKind> progress;  ///< `connect` or `listen`
    bool at_close;  ///< the owner stood still, about to close it: nothing can change any more
    std::uint64_t peer_inode = 0;  ///< as in DescriptorOpened
};
struct ChangesLost {
    std::uint64_t process;  ///< 0: of no single one
    std::string reason;
};
struct NoticeGiven {
    std::string text;
};

struct Change {
    Now at;
    std::variant<ProcessBegan, ProcessExecuted, ProcessRenamed, ProcessEnded, TableNamed,
                 TableEnded, DescriptorOpened, UnixSocketInherited, DescriptorClosed,
                 DescriptorRenamed, DetailsLearned, ChangesLost, NoticeGiven>
        what;
};

/// Bytes of memory that a change takes, roughly.
std::size_t size_of(const Change& change);

}  // namespace logfia
