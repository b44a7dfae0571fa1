#include <logfia/descriptor/link_text.hpp>
#include <logfia/procfs/fd_limit.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/procfs/proc_stat.hpp>
#include <logfia/socket/socket_progress.hpp>
#include <logfia/source/seccomp/recorder.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <utility>

namespace logfia {
namespace {

/// A process may give itself another name at any time (prctl(2)).
constexpr Duration kCommLasts = std::chrono::seconds(1);
constexpr std::size_t kMostWarnings = 16;

}  // namespace

Recorder::Recorder(const ProcRoot& root, const RecorderOptions& options, ChangeQueue& queue,
                   Seen seen)
    : root_(root),
      options_(options),
      queue_(queue),
      seen_(std::move(seen)),
      reader_(root, options.facts),
      sockets_(root, options.sockets) {}

void Recorder::push(Now at, decltype(Change::what) what) {
    queue_.push({at, std::move(what)});
}

void Recorder::set_full(bool full, Now now) {
    if (std::exchange(full_, full) == full || full) return;
    const std::uint64_t count = std::exchange(left_out_, 0);
    if (count == 0) return;
    push(now,
         ChangesLost{0, fmt::format("{} left out while earlier records waited for their reader",
                                    count == 1 ? "1 descriptor was"
                                               : fmt::format("{} descriptors were", count))});
}

Recorder::Held& Recorder::held(const TracedProcess& process) {
    Held& held = held_[process.number];
    held.access.owner = process.number;
    return held;
}

std::string Recorder::read_comm(pid_t pid) {
    std::array<char, 64> buffer;
    std::string_view comm = read_piece(root_.fd(), proc_path("{}/comm", pid).data(), buffer);
    if (comm.ends_with('\n')) comm.remove_suffix(1);
    return std::string(comm);
}

ProgramFacts Recorder::read_facts(const TracedProcess& process) {
    Held& known = held(process);
    known.comm = read_comm(process.pid);
    known.comm_read = now_.steady;
    ProgramFacts facts;
    facts.comm = known.comm;
    const UniqueFd dir(
        openat(root_.fd(), proc_path("{}", process.pid).data(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (options_.limits && dir) facts.fd_limit = read_fd_limit(dir.get());
    if (!options_.programs || !dir) return facts;
    std::array<char, PATH_MAX> link;
    const ssize_t length = readlinkat(dir.get(), "exe", link.data(), link.size());
    if (length > 0) facts.exe.assign(link.data(), static_cast<std::size_t>(length));
    std::array<char, 4096> buffer;
    const ProcStatus status = parse_proc_status(read_piece(dir.get(), "status", buffer));
    facts.parent = status.parent;
    facts.user = status.uid;
    return facts;
}

void Recorder::refresh_comm(const TracedProcess& process) {
    Held& known = held(process);
    if (now_.steady - known.comm_read < kCommLasts) return;
    known.comm_read = now_.steady;
    std::string comm = read_comm(process.pid);
    if (comm.empty() || comm == known.comm) return;
    known.comm = comm;
    push(now_, ProcessRenamed{process.number, std::move(comm)});
}

Process* Recorder::open_process(const TracedProcess& process) {
    Held& known = held(process);
    if (!std::exchange(known.tried, true))
        if (auto opened = Process::open(root_, process.pid, Holding::descriptors)) {
            known.process = std::move(*opened);
            known.process->acquire(root_);
        }
    return known.process ? &*known.process : nullptr;
}

void Recorder::process_began(const TracedProcess& process, Now at) {
    push(at, ProcessBegan{process.number, process.pid, read_facts(process)});
}

void Recorder::process_executed(const TracedProcess& process, Now at) {
    const bool is_first = !held_.contains(process.number);
    ProgramFacts facts = read_facts(process);
    if (is_first)
        push(at, ProcessBegan{process.number, process.pid, std::move(facts)});
    else
        push(at, ProcessExecuted{process.number, std::move(facts)});
    if (!is_first && options_.rights) warn_of_rights(process, at);
}

void Recorder::process_ended(const TracedProcess& process, Now at, std::optional<int> status) {
    const auto known = held_.find(process.number);
    if (known != held_.end() && known->second.uses_io_uring)
        lost(&process, at, "what it opened and closed within an io_uring was not seen");
    push(at, ProcessEnded{process.number, status});
    if (known == held_.end()) return;
    if (known->second.process) reader_.forget(*known->second.process);
    held_.erase(known);
}

void Recorder::table_named(const TracedTable& table) {
    push(now_, TableNamed{table.number, table.process->number, table.own_of});
}

void Recorder::table_ended(const TracedTable& table) {
    push(now_, TableEnded{table.number});
}

void Recorder::opened(const TracedTable& table, NumberEntry& entry, const Opening& opening) {
    if (type_of_link(opening.link) == FdType::io_uring)
        warn_of_io_uring(*table.process, opening.at);
    if (full_) {
        ++left_out_;
        return;
    }
    entry.id = ++ids_;
    refresh_comm(*table.process);
    const std::string_view link = opening.link.empty() ? kUnreadableLink : opening.link;
    const Process* process = reader_.needs_process(link) ? open_process(*table.process) : nullptr;
    const int dir = table.view != nullptr ? table.view->directory() : -1;
    Descriptor descriptor =
        reader_.read(process, dir, opening.fd, link, opening.entry, now_.steady);
    std::uint64_t peer_inode = 0;
    if (descriptor.type == FdType::socket && options_.socket_details)
        peer_inode = describe_socket(table, entry, opening, descriptor);
    else if (options_.objects && is_in(descriptor.type, FdGroup::object))
        details_[entry.id] = {descriptor.type};
    entry.settled =
        !details_.contains(entry.id) || (descriptor.socket != nullptr && is_settled(entry.id));
    push(opening.at, DescriptorOpened{
                         table.number, entry.id, opening.copy_of, opening.origin == Origin::initial,
                         opening.origin == Origin::inherited, std::move(descriptor), peer_inode});
}

/// Returns the inode of the other end of a unix socket, as far as it is known.
std::uint64_t Recorder::describe_socket(const TracedTable& table, NumberEntry& entry,
                                        const Opening& opening, Descriptor& out) {
    if (!out.inode) return 0;
    details_[entry.id] = {FdType::socket, *out.inode};
    if (!sockets_.add(entry.id, opening.copy_of, opening.entry))
        ask_socket(table, opening.fd, entry.id, *out.inode);
    const SocketReader::State& state = sockets_.state(entry.id);
    out.type = state.type;
    out.socket = state.info;
    const bool is_pair = opening.entry != nullptr && opening.entry->call == Call::socketpair;
    const auto first = details_.find(opening.made_with);
    if (is_pair && first != details_.end()) unix_ends_.connect(first->second.inode, *out.inode);
    return other_end(entry.id, !is_pair && has_lasting_peer(state.type, state.info.get())
                                   ? UnixEnds::Asking::allowed
                                   : UnixEnds::Asking::needless);
}

std::uint64_t Recorder::other_end(std::uint64_t id, UnixEnds::Asking asking) {
    const SocketReader::State& state = sockets_.state(id);
    const auto known = details_.find(id);
    if (state.type != FdType::unix_socket || known == details_.end()) return 0;
    unix_ends_.add(id, known->second.inode);
    const bool is_connected = state.info != nullptr &&
                              state.info->state == SocketState::established &&
                              (state.info->kind != "dgram" || state.info->peer_path.empty());
    return is_connected ? unix_ends_.other_end(known->second.inode, asking) : 0;
}

/// A client is connected before its server has accepted: until then it has no other end.
bool Recorder::is_settled(std::uint64_t id) {
    if (sockets_.may_still_change(id)) return false;
    const SocketReader::State& state = sockets_.state(id);
    return !has_lasting_peer(state.type, state.info.get()) ||
           other_end(id, UnixEnds::Asking::needless) != 0;
}

/// Read only where there may be a unix socket among them, whose other end somebody else has.
void Recorder::inherited(const TracedTable& table, int fd, NumberEntry& entry, Now at) {
    if (unix_ends_.empty() || full_ || table.view == nullptr) return;
    const Link link = table.view->link(fd);
    if (link.state != Link::State::open || !link.text.starts_with("socket:[")) return;
    const auto inode = bracketed_number(link.text);
    if (!inode || !unix_ends_.contains(*inode)) return;
    entry.id = ++ids_;
    entry.link = digest_of_link(link.text);
    unix_ends_.add(entry.id, *inode);
    push(at, UnixSocketInherited{table.number, entry.id, *inode});
}

std::optional<EventKind> Recorder::ask_socket(const TracedTable& table, int fd, std::uint64_t id,
                                              std::uint64_t inode) {
    Process* process = open_process(*table.process);
    if (process == nullptr) return std::nullopt;
    return sockets_.ask(id, {process, &held(*table.process).access, fd, inode}, now_.steady);
}

bool Recorder::socket_changed(const TracedTable& table, int fd, NumberEntry& entry, Now at) {
    const auto known = details_.find(entry.id);
    if (known == details_.end() || known->second.type != FdType::socket) return true;
    const auto before = sockets_.state(entry.id).info;
    const auto progress = ask_socket(table, fd, entry.id, known->second.inode);
    entry.settled = is_settled(entry.id);
    if (sockets_.state(entry.id).info != before) tell_details(table, entry.id, at, progress, false);
    return !sockets_.is_connecting(entry.id);
}

void Recorder::tell_details(const TracedTable& table, std::uint64_t id, Now at,
                            std::optional<EventKind> progress, bool at_close) {
    const SocketReader::State& state = sockets_.state(id);
    push(at, DetailsLearned{table.number, id, state.type, state.info, nullptr, state.totals,
                            progress, at_close, other_end(id, UnixEnds::Asking::needless)});
}

void Recorder::closing(const TracedTable& table, int fd, NumberEntry& entry) {
    if (entry.settled) return;
    const auto known = details_.find(entry.id);
    if (known == details_.end()) return;
    if (known->second.type == FdType::socket) return socket_closing(table, fd, entry.id);
    if (table.view == nullptr) return;
    auto object = known->second.type == FdType::epoll
                      ? ask_epoll(*table.process, fd)
                      : reader_.read_object(table.view->directory(), fd, known->second.type);
    if (object == nullptr) return;
    push(now_, DetailsLearned{table.number, entry.id, known->second.type, nullptr,
                              std::move(object), std::nullopt, std::nullopt, true});
}

void Recorder::socket_closing(const TracedTable& table, int fd, std::uint64_t id) {
    if (sockets_.may_still_change(id)) {
        const auto progress = ask_socket(table, fd, id, details_.at(id).inode);
        tell_details(table, id, now_, progress, true);
    } else if (other_end(id, UnixEnds::Asking::needless) == 0 &&
               other_end(id, UnixEnds::Asking::allowed) != 0) {
        tell_details(table, id, now_, {}, true);
    }
}

BlockingRequest Recorder::question_about(const TracedProcess& process) const {
    BlockingRequest request;
    request.proc_fd = root_.fd();
    request.process = proc_path("{}", process.pid);
    request.owner = process.number;
    return request;
}

std::shared_ptr<const ObjectInfo> Recorder::ask_epoll(const TracedProcess& process, int fd) {
    if (asker_.is_kept_waiting_by(process.number)) return nullptr;
    std::vector<BlockingRequest> requests{question_about(process)};
    requests.front().fd = fd;
    requests.front().question = BlockingRequest::Question::targets;
    asker_.ask(requests);
    auto& object = requests.front().object;
    return object ? std::make_shared<const ObjectInfo>(std::move(*object)) : nullptr;
}

void Recorder::closed(const TracedTable& table, int, const NumberEntry& entry, Now at,
                      bool at_exit) {
    if (const auto known = details_.find(entry.id); known != details_.end()) {
        if (known->second.type == FdType::socket)
            if (const auto totals = sockets_.remove(entry.id))
                push(at, DetailsLearned{table.number, entry.id, FdType::socket, nullptr, nullptr,
                                        totals, std::nullopt, false});
        details_.erase(known);
    }
    unix_ends_.remove(entry.id);
    push(at, DescriptorClosed{table.number, entry.id, at_exit});
}

void Recorder::renamed(const TracedTable& table, int fd, const NumberEntry& entry,
                       std::string_view link, Now at) {
    if (full_) return;
    const Process* process = reader_.needs_process(link) ? open_process(*table.process) : nullptr;
    push(at, DescriptorRenamed{
                 table.number, entry.id,
                 reader_.read(process, table.view->directory(), fd, link, nullptr, now_.steady)});
}

void Recorder::lost(const TracedProcess* process, Now at, std::string reason) {
    push(at, ChangesLost{process == nullptr ? 0 : process->number, std::move(reason)});
}

void Recorder::warn_of_rights(const TracedProcess& process, Now at) {
    if (asker_.is_kept_waiting_by(process.number)) return;
    std::vector<BlockingRequest> requests{question_about(process)};
    requests.front().question = BlockingRequest::Question::program;
    asker_.ask(requests);
    const auto& program = requests.front().program;
    if (!program) return;
    const GainedRights rights = gained_rights(*program, {geteuid(), getegid()});
    const std::string& comm = held(process).comm;
    if (!rights.any() || warned_of_rights_.size() >= kMostWarnings ||
        !warned_of_rights_.insert(comm).second)
        return;
    push(at, NoticeGiven{missed_rights_notice(
                 comm, rights, rights.user ? users_.name_of(*rights.user) : std::string())});
}

void Recorder::warn_of_io_uring(const TracedProcess& process, Now at) {
    held(process).uses_io_uring = true;
    if (std::exchange(warned_of_io_uring_, true)) return;
    push(at, NoticeGiven{fmt::format("process {} ({}) uses io_uring: descriptors that are opened "
                                     "and closed within the ring are not seen",
                                     process.pid, held(process).comm)});
}

}  // namespace logfia
