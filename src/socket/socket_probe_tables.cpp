// The part of SocketProbe that reads the kernel's tables.

#include <logfia/socket/network_namespace.hpp>
#include <logfia/socket/socket_probe.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

using Stage = SocketQuery::Stage;

/// Keeps known facts that a row has no place for.
SocketInfo with_what_was_known(SocketInfo row, const SocketInfo& before) {
    row.peer_path = before.peer_path;
    row.peer = before.peer;
    row.interface_name = before.interface_name;
    return row;
}

/// Takes only the peer from the row: the socket has told everything else itself.
void use_hidden_peer(SocketQuery& query, const WantedSocket& wanted) {
    if (!wanted.found || !wanted.info) return;
    std::optional<Endpoint> remote = wanted.info->remote;
    if (remote && needs_zone(remote->address)) remote->zone = query.zone;
    if (remote == query.info->remote) return;
    SocketInfo changed = *query.info;
    changed.remote = std::move(remote);
    changed.state = wanted.info->state;
    query.info = std::make_shared<const SocketInfo>(std::move(changed));
}

void use_row(SocketQuery& query, WantedSocket& wanted) {
    const auto before = query.info;
    if (wanted.found) {
        query.type = wanted.type;
        query.info = std::move(wanted.info);
        if (before && query.info && query.info != before)
            query.info =
                std::make_shared<const SocketInfo>(with_what_was_known(*query.info, *before));
    } else if (wanted.looked && (!before || before->outdated)) {
        // Being in no table is an answer as well.
        SocketInfo info = before ? *before : SocketInfo();
        info.outdated = false;
        query.info = std::make_shared<const SocketInfo>(std::move(info));
    }
}

}  // namespace

std::span<const SocketQuery> SocketProbe::look_up(const ProcRoot& root) {
    std::erase_if(queries_, [](const SocketQuery& query) { return query.stage != Stage::table; });
    for (SocketQuery& query : queries_)
        if (query.network == 0) query.network = network_of(*query.process);
    const auto by_network = [](const SocketQuery& a, const SocketQuery& b) {
        return a.network < b.network;
    };
    if (!std::is_sorted(queries_.begin(), queries_.end(), by_network))
        std::stable_sort(queries_.begin(), queries_.end(), by_network);
    for (std::span<SocketQuery> rest = queries_; !rest.empty();) {
        const auto end = std::find_if(rest.begin(), rest.end(), [&](const SocketQuery& query) {
            return query.network != rest.front().network;
        });
        const auto count = static_cast<std::size_t>(end - rest.begin());
        look_up_network(root, rest.first(count));
        rest = rest.subspan(count);
    }
    return queries_;
}

/// Reads the tables through any of the processes: all are in one network namespace.
void SocketProbe::look_up_network(const ProcRoot& root, std::span<SocketQuery> queries) {
    wanted_.clear();
    Process* reader = nullptr;
    for (const SocketQuery& query : queries) {
        WantedSocket& wanted = wanted_.emplace_back();
        wanted.inode = query.inode;
        wanted.hint = query.type;
        wanted.known = query.info;
        if (reader == nullptr &&
            query.process->acquire(root).state == Process::Acquired::State::ready)
            reader = query.process;
    }
    if (reader != nullptr) {
        const auto rows_before = tables_.rows_seen();
        tables_.resolve(reader->dir(), wanted_);
        rows_last_read_ = tables_.rows_seen() - rows_before;
        for (int again = 0; again < 2 && options_.reading == Reading::until_sure; ++again)
            read_again(*reader);
        add_zones(reader->dir());
        reader->release();
    }
    auto answer = wanted_.begin();
    for (SocketQuery& query : queries) {
        if (query.copy == SocketQuery::Copy::answered)
            use_hidden_peer(query, *answer++);
        else
            use_row(query, *answer++);
        query.stage = Stage::done;
        query.told = SocketQuery::Told::table;
    }
    wanted_.clear();
}

void SocketProbe::read_again(const Process& reader) {
    missing_.clear();
    for (const WantedSocket& wanted : wanted_)
        if (!wanted.found) missing_.push_back(wanted);
    tables_.resolve(reader.dir(), missing_);
    auto answer = missing_.begin();
    for (WantedSocket& wanted : wanted_)
        if (!wanted.found) wanted = std::move(*answer++);
}

void SocketProbe::add_zones(int proc_dir_fd) {
    bool read = false;
    for (WantedSocket& wanted : wanted_) {
        // A known description without a zone has none for a reason that has not changed.
        if (!wanted.info || wanted.info == wanted.known || !lacks_zone(*wanted.info)) continue;
        if (!std::exchange(read, true)) zones_.read(proc_dir_fd);
        SocketInfo info = *wanted.info;
        zones_.add_to(info);
        wanted.info = std::make_shared<const SocketInfo>(std::move(info));
    }
}

}  // namespace logfia
