#include <logfia/base/unique_fd.hpp>
#include <logfia/socket/socket_tables.hpp>

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace logfia {
namespace {

SocketTable table_at(std::size_t index) {
    return static_cast<SocketTable>(index);
}

/// Whether setsockopt(IPV6_ADDRFORM) can have moved a socket made as `from` into the table of `to`.
bool can_become(FdType from, FdType to) {
    return (from == FdType::tcp6 && to == FdType::tcp) ||
           (from == FdType::udp6 && to == FdType::udp) ||
           (from == FdType::udplite6 && to == FdType::udplite);
}

/// Keeps the zones, which a row does not have.
void keep_zones(SocketInfo& row, const SocketInfo& known) {
    const auto keep = [](std::optional<Endpoint>& now, const std::optional<Endpoint>& before) {
        if (now && before && now->address == before->address) now->zone = before->zone;
    };
    keep(row.local, known.local);
    keep(row.remote, known.remote);
}

}  // namespace

/// `likely` leaves out tables in which a socket can only be after something rare: such a table is
/// worth another walk through 262,144 buckets only if the others have failed.
bool SocketTables::holds(SocketTable table, FdType hint, Search search) {
    const auto type = type_of(table);
    if (hint == FdType::socket || hint == FdType::unknown || hint == type) return true;
    // A subflow bears its MPTCP socket's inode (mptcp_subflow_create_socket, net/mptcp/subflow.c).
    if (hint == FdType::mptcp) return is_in(type, FdGroup::tcp);
    return search == Search::all && can_become(hint, type);
}

void SocketTables::resolve(int proc_dir_fd, std::span<WantedSocket> wanted) {
    if (wanted.empty()) return;
    index(wanted);
    outcomes_.fill(Outcome::unread);
    const UniqueFd net(::openat(proc_dir_fd, "net", O_PATH | O_DIRECTORY | O_CLOEXEC));
    read_tables(net.get(), Search::likely, wanted);
    read_tables(net.get(), Search::all, wanted);

    // A zombie has an empty `net`: then the namespace is missing, not a single table.
    const bool any_read =
        std::find(outcomes_.begin(), outcomes_.end(), Outcome::read) != outcomes_.end();
    if (!any_read && ::faccessat(net.get(), "dev", F_OK, 0) != 0) outcomes_.fill(Outcome::failed);
    for (auto& socket : wanted) socket.looked = socket.found || looked_for(socket.hint);
}

void SocketTables::index(std::span<WantedSocket> wanted) {
    keys_.clear();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        auto& socket = wanted[i];
        socket.type = socket.hint == FdType::unknown ? FdType::socket : socket.hint;
        socket.info = nullptr;
        socket.found = socket.looked = false;
        // Rows of sockets that no descriptor holds any more have inode 0.
        if (socket.inode != 0) keys_.push_back({socket.inode, i});
    }
    std::sort(keys_.begin(), keys_.end(),
              [](const Key& left, const Key& right) { return left.inode < right.inode; });
}

void SocketTables::read_tables(int net_fd, Search search, std::span<WantedSocket> wanted) {
    for (std::size_t i = 0; i < kSocketTableCount; ++i) {
        if (outcomes_[i] != Outcome::unread) continue;
        const bool needed = std::any_of(wanted.begin(), wanted.end(), [&](const auto& socket) {
            return !socket.found && socket.inode != 0 && holds(table_at(i), socket.hint, search);
        });
        if (needed) outcomes_[i] = read_table(net_fd, table_at(i), wanted);
    }
}

SocketTables::Outcome SocketTables::read_table(int net_fd, SocketTable table,
                                               std::span<WantedSocket> wanted) {
    const UniqueFd file(::openat(net_fd, file_name(table), O_RDONLY | O_CLOEXEC));
    if (!file) return errno == ENOENT ? Outcome::missing : Outcome::failed;
    ++tables_read_;
    reader_.start(file.get());
    scan(table, wanted);
    last_unix_ = nullptr;
    rows_seen_ += reader_.dropped();
    rows_skipped_ += reader_.dropped();
    return reader_.failed() ? Outcome::failed : Outcome::read;
}

void SocketTables::scan(SocketTable table, std::span<WantedSocket> wanted) {
    auto open = std::count_if(wanted.begin(), wanted.end(), [&](const auto& socket) {
        return !socket.found && socket.inode != 0 && holds(table, socket.hint, Search::all);
    });
    reader_.next();  // the heading
    // The table of unix sockets is read to its end: a later row may prove an earlier one wrong.
    while (open > 0 || table == SocketTable::unix_sockets) {
        const auto row = reader_.next();
        if (!row) return;
        ++rows_seen_;
        open -= static_cast<std::ptrdiff_t>(match_row(table, *row, wanted));
    }
}

std::size_t SocketTables::match_row(SocketTable table, std::string_view row,
                                    std::span<WantedSocket> wanted) {
    const auto inode = inode_of_row(table, row);
    const bool known = inode && std::binary_search(keys_.begin(), keys_.end(), Key{*inode, 0},
                                                   [](const Key& left, const Key& right) {
                                                       return left.inode < right.inode;
                                                   });
    if (inode && !known && !last_unix_) return 0;
    auto parsed = inode ? parse_socket_row(table, row) : std::nullopt;
    if (!parsed) {
        skip_row(row);
        return 0;
    }
    last_unix_ = nullptr;
    return known ? answer(table, std::move(*parsed), wanted) : 0;
}

std::size_t SocketTables::answer(SocketTable table, SocketRow row, std::span<WantedSocket> wanted) {
    auto key =
        std::lower_bound(keys_.begin(), keys_.end(), row.inode,
                         [](const Key& left, std::uint64_t inode) { return left.inode < inode; });
    std::shared_ptr<SocketInfo> info;
    std::shared_ptr<const SocketInfo> told;
    std::size_t answered = 0;
    for (; key != keys_.end() && key->inode == row.inode; ++key) {
        auto& socket = wanted[key->index];
        if (!holds(table, socket.hint, Search::all)) continue;
        if (socket.found) {
            // Somebody wrote one of the two into a path, after a newline; nobody can say which. (Of
            // an MPTCP socket's subflows, in other tables, the first will do.)
            if (table == SocketTable::unix_sockets) socket.info = nullptr;
            continue;
        }
        if (!told && socket.known) keep_zones(row.info, *socket.known);
        // A row to which a path may still be appended is no match yet.
        if (!told && table != SocketTable::unix_sockets && socket.known &&
            *socket.known == row.info)
            told = socket.known;
        if (!told) told = info = std::make_shared<SocketInfo>(std::move(row.info));
        socket.found = true;
        socket.info = told;
        if (socket.hint != FdType::mptcp) socket.type = type_of(table);
        ++answered;
    }
    if (table == SocketTable::unix_sockets) last_unix_ = std::move(info);
    return answered;
}

/// A line that is no row, after the row of a unix socket, is the rest of a path with a newline in
/// it.
void SocketTables::skip_row(std::string_view line) {
    ++rows_skipped_;
    if (!last_unix_) return;
    auto& path = last_unix_->path;
    if (path.size() + 1 + line.size() > sizeof(sockaddr_un::sun_path)) return;
    path += '\n';
    path += line;
}

bool SocketTables::looked_for(FdType hint) const {
    for (std::size_t i = 0; i < kSocketTableCount; ++i) {
        const bool done = outcomes_[i] == Outcome::read || outcomes_[i] == Outcome::missing;
        if (!done && holds(table_at(i), hint, Search::all)) return false;
    }
    return true;
}

}  // namespace logfia
