// The part of SocketAsker that reads the kernel's tables.

#include <logfia/source/poll/socket_asker.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

/// What a row has no place for stays as it was known.
SocketInfo with_what_was_known(SocketInfo row, const SocketInfo& before) {
    row.peer_path = before.peer_path;
    row.peer = before.peer;
    row.interface_name = before.interface_name;
    return row;
}

}  // namespace

void SocketAsker::answer_by_tables(const ProcRoot& root, SteadyTime now) {
    std::erase_if(asked_, [](const Asked& asked) { return !asked.by_table; });
    for (Asked& asked : asked_) network_of(asked);
    const auto by_network = [](const Asked& a, const Asked& b) { return a.network < b.network; };
    if (!std::is_sorted(asked_.begin(), asked_.end(), by_network))
        std::stable_sort(asked_.begin(), asked_.end(), by_network);
    std::uint64_t last = 0;
    for (const Asked& asked : asked_) {
        if (asked.network != last) answer_network(root, asked.network);
        last = asked.network;
    }
    for (Asked& asked : asked_) take_row(asked, now);
}

void SocketAsker::answer_network(const ProcRoot& root, std::uint64_t network) {
    wanted_.clear();
    Process* reader = nullptr;
    for (Asked& asked : asked_) {
        if (asked.network != network) continue;
        wanted_.push_back(asked.wanted);
        wanted_.back().known = asked.process->known[asked.slot].descriptor.socket;
        if (reader == nullptr &&
            asked.process->process.acquire(root).state == Process::Acquired::State::ready)
            reader = &asked.process->process;
    }
    if (reader == nullptr) return;
    const auto rows_before = tables_.rows_seen();
    tables_.resolve(reader->dir(), wanted_);
    rows_last_read_ = tables_.rows_seen() - rows_before;
    for (int again = 0; again < 2 && options_.reading == Reading::until_sure; ++again)
        read_again(*reader);
    add_zones(reader->dir());
    reader->release();
    auto answer = wanted_.begin();
    for (Asked& asked : asked_)
        if (asked.network == network) asked.wanted = std::move(*answer++);
}

void SocketAsker::add_zones(int proc_dir_fd) {
    bool read = false;
    for (WantedSocket& wanted : wanted_) {
        // A known description has no zone for a reason that has not changed.
        if (!wanted.info || wanted.info == wanted.known || !lacks_zone(*wanted.info)) continue;
        if (!std::exchange(read, true)) zones_.read(proc_dir_fd);
        SocketInfo info = *wanted.info;
        zones_.add_to(info);
        wanted.info = std::make_shared<const SocketInfo>(std::move(info));
    }
}

void SocketAsker::read_again(const Process& reader) {
    missing_.clear();
    for (const WantedSocket& wanted : wanted_)
        if (!wanted.found) missing_.push_back(wanted);
    tables_.resolve(reader.dir(), missing_);
    auto answer = missing_.begin();
    for (WantedSocket& wanted : wanted_)
        if (!wanted.found) wanted = std::move(*answer++);
}

/// Takes the peer alone from the row: all else the socket has told itself.
void SocketAsker::take_hidden_peer(Asked& asked, SteadyTime now) {
    std::shared_ptr<const SocketInfo>& info = asked.process->known[asked.slot].descriptor.socket;
    if (asked.wanted.found && asked.wanted.info) {
        std::optional<Endpoint> remote = asked.wanted.info->remote;
        if (remote && needs_zone(remote->address)) remote->zone = asked.zone;
        if (remote != info->remote) {
            SocketInfo changed = *info;
            changed.remote = std::move(remote);
            changed.state = asked.wanted.info->state;
            info = std::make_shared<const SocketInfo>(std::move(changed));
        }
    }
    go_on(asked, asked.before.get(), now);
}

void SocketAsker::take_row(Asked& asked, SteadyTime now) {
    if (asked.hidden_peer) return take_hidden_peer(asked, now);
    Descriptor& descriptor = asked.process->known[asked.slot].descriptor;
    WantedSocket& wanted = asked.wanted;
    const auto before = descriptor.socket;
    if (wanted.found) {
        descriptor.type = wanted.type;
        descriptor.socket = std::move(wanted.info);
        if (before && descriptor.socket && descriptor.socket != before)
            descriptor.socket = std::make_shared<const SocketInfo>(
                with_what_was_known(*descriptor.socket, *before));
    } else if (wanted.looked && (!before || before->outdated)) {
        // Being in no table is an answer as well.
        SocketInfo info = before ? *before : SocketInfo();
        info.outdated = false;
        descriptor.socket = std::make_shared<const SocketInfo>(std::move(info));
    }
    go_on(asked, before.get(), now);
}

}  // namespace logfia
