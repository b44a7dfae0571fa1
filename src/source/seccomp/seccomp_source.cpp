#include <logfia/process/process_list.hpp>
#include <logfia/socket/socket_progress.hpp>
#include <logfia/source/seccomp/seccomp_source.hpp>

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace logfia {
namespace {

/// A reader that looks by itself spares the other side the cost of waking it.
constexpr Duration kPause = std::chrono::milliseconds(1);
/// So many changes make one slice of work.
constexpr int kSlice = 256;
/// The other thread may be asking somebody who does not answer.
constexpr Duration kLongestWord = std::chrono::seconds(1);

std::string_view file_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

SeccompSource::SeccompSource(ChangeQueue& queue, Supervisor& supervisor, Numbers& numbers,
                             Options options)
    : queue_(queue),
      supervisor_(supervisor),
      options_(std::move(options)),
      numbers_(numbers),
      ledger_(numbers),
      command_number_(numbers.next_process()) {}

/// Without a reader, nothing of the calls is worth being described.
SeccompSource::~SeccompSource() {
    supervisor_.tell_no_more();
}

Source::State SeccompSource::run(Now now, EventSink& sink) {
    if (paused_) {
        queue_.note_wake_up();
        return State::waiting;
    }
    const bool was_finished = finished_;
    collect();
    if (release(finished_ ? SteadyTime::max() : settled_until_, sink)) return State::busy;
    if (finished_) return was_finished ? end(now, sink) : State::busy;
    const bool is_quiet = order_.empty() && !std::exchange(found_some_, false);
    next_.reset();
    if (is_quiet)
        queue_.wait_for_wake_up();
    else
        next_ = now.steady + kPause;
    return State::waiting;
}

Source::State SeccompSource::end(Now now, EventSink& sink) {
    if (supervisor_.is_out_of_memory()) {
        sink.accept(lost(now, "there was no memory left: what the command did from here on"));
        return State::ended;
    }
    // A process that has made its last call still has to end, and a verdict waits for how it did.
    if (!options_.command_is_over || options_.command_is_over()) return State::ended;
    next_ = now.steady + kPause;
    return State::waiting;
}

void SeccompSource::collect() {
    ChangeQueue::Batch batch = queue_.take();
    found_some_ = found_some_ || !batch.changes.empty();
    settled_until_ = batch.settled_until;
    finished_ = batch.finished;
    for (Change& change : batch.changes) {
        prepare(change);
        order_.add(std::move(change));
    }
}

/// True when there is more to be done.
bool SeccompSource::release(SteadyTime until, EventSink& sink) {
    std::size_t bytes = 0;
    int left = kSlice;
    for (; left > 0; --left) {
        auto change = order_.take(until);
        if (!change) break;
        bytes += size_of(*change);
        apply(std::move(*change), sink);
    }
    queue_.done(bytes);
    return left == 0;
}

void SeccompSource::pause(Now) {
    paused_ = true;
    next_.reset();
    supervisor_.hold_back(true);
}

void SeccompSource::resume(Now, EventSink&) {
    paused_ = false;
    supervisor_.hold_back(false);
}

void SeccompSource::stop(Now, EventSink& sink) {
    supervisor_.tell_no_more();
    await_finish();
    while (release(SteadyTime::max(), sink)) {
    }
}

/// The other thread's last word says how much was left out.
void SeccompSource::await_finish() {
    const SteadyTime deadline = read_clocks().steady + kLongestWord;
    collect();
    while (!finished_ && read_clocks().steady < deadline) {
        queue_.wait_for_wake_up();
        pollfd word{queue_.ready_fd(), POLLIN, 0};
        poll(&word, 1, 10);
        collect();
    }
}

SourceTotals SeccompSource::totals() const {
    return {processes_seen_, 0, 0};
}

/// A process or a table is known before any later change names it.
void SeccompSource::prepare(const Change& change) {
    if (const auto* began = std::get_if<ProcessBegan>(&change.what)) {
        Traced& traced = processes_[began->process];
        // Later, another process may be given the same number.
        traced.is_command = began->pid == options_.command && !command_seen_;
        command_seen_ = command_seen_ || traced.is_command;
        traced.actor.number = traced.is_command ? command_number_ : numbers_.next_process();
        traced.actor.pid = began->pid;
        traced.actor.comm = began->facts.comm;
        traced.actor.watched_since = change.at.steady;
        traced.fd_limit = began->facts.fd_limit;
        ++processes_seen_;
    } else if (const auto* named = std::get_if<TableNamed>(&change.what)) {
        if (!owners_.contains(named->table)) give_table(*named);
    }
}

void SeccompSource::give_table(const TableNamed& named) {
    Owner& owner = owners_[named.table];
    owner.process = named.process;
    owner.thread = named.thread;
    name(owner, processes_[named.process]);
}

void SeccompSource::name(Owner& owner, const Traced& traced) {
    owner.descriptors.actor = traced.actor;
    owner.descriptors.actor.thread = owner.thread;
    owner.descriptors.fd_limit = traced.fd_limit;
}

void SeccompSource::apply(Change&& change, EventSink& sink) {
    std::visit([&](auto& what) { use(what, change.at, sink); }, change.what);
    ledger_.publish(change.at, sink);
}

void SeccompSource::use(const ProcessBegan& began, Now at, EventSink& sink) {
    Traced& traced = processes_[began.process];
    traced.actor.exe = began.facts.exe;
    traced.actor.ppid = began.facts.parent;
    traced.actor.uid = began.facts.user;
    if (traced.actor.uid) traced.actor.user = users_.name_of(*traced.actor.uid);
    judge(traced, at, sink);
}

void SeccompSource::use(ProcessExecuted& executed, Now at, EventSink& sink) {
    Traced& traced = processes_[executed.process];
    traced.actor.comm = std::move(executed.facts.comm);
    traced.actor.exe = std::move(executed.facts.exe);
    traced.actor.uid = executed.facts.user;
    if (traced.actor.uid) traced.actor.user = users_.name_of(*traced.actor.uid);
    if (executed.facts.fd_limit) traced.fd_limit = executed.facts.fd_limit;
    const bool was_excluded = traced.excluded;
    judge(traced, at, sink);
    if (!traced.excluded) tell(EventKind::exec, traced, at, {}, sink);
    name_tables(executed.process);
    if (was_excluded && !traced.excluded) reveal(executed.process, at, sink);
}

/// Excluded is a program, not a process; the command itself was asked for.
void SeccompSource::judge(Traced& traced, Now at, EventSink& sink) {
    traced.excluded = !traced.is_command &&
                      (matches_any(options_.not_names, traced.actor.comm) ||
                       matches_any(options_.not_names, std::string(file_name(traced.actor.exe))));
    if (traced.excluded || std::exchange(traced.started, true)) return;
    tell(EventKind::start, traced, at, {}, sink);
}

/// Tells what a program that was excluded has left open.
void SeccompSource::reveal(std::uint64_t process, Now at, EventSink& sink) {
    for (auto& [number, owner] : owners_) {
        if (owner.process != process) continue;
        for (std::uint32_t slot = 0; slot < owner.descriptors.known.size(); ++slot) {
            const KnownFd& known = owner.descriptors.known[slot];
            if (known.untold) ledger_.tell_after_all(owner.descriptors, slot, at);
        }
    }
    ledger_.publish(at, sink);
}

void SeccompSource::name_tables(std::uint64_t process) {
    const Traced& traced = processes_[process];
    for (auto& [number, owner] : owners_) {
        if (owner.process == process) name(owner, traced);
    }
}

void SeccompSource::use(ProcessRenamed& renamed, Now, EventSink&) {
    processes_[renamed.process].actor.comm = std::move(renamed.comm);
    name_tables(renamed.process);
}

void SeccompSource::use(const ProcessEnded& ended, Now at, EventSink& sink) {
    const auto found = processes_.find(ended.process);
    if (found == processes_.end()) return;
    const Traced& traced = found->second;
    auto status = ended.status;
    if (!status && traced.is_command && options_.command_status) status = options_.command_status();
    ProcessChange change;
    if (status && WIFEXITED(*status)) change.status = WEXITSTATUS(*status);
    if (status && WIFSIGNALED(*status)) change.signal = WTERMSIG(*status);
    if (traced.started) tell(EventKind::exit, traced, at, change, sink);
    processes_.erase(found);
}

void SeccompSource::tell(EventKind kind, const Traced& traced, Now at, ProcessChange change,
                         EventSink& sink) const {
    if (!options_.process_events.contains(kind)) return;
    Event event;
    event.kind = kind;
    event.at = at;
    event.actor = traced.actor;
    event.change = change;
    sink.accept(std::move(event));
}

/// The table may pass on to another process, under whose name what comes later is told.
void SeccompSource::use(const TableNamed& named, Now, EventSink&) {
    if (owners_.contains(named.table)) give_table(named);
}

void SeccompSource::use(const TableEnded& ended, Now, EventSink&) {
    owners_.erase(ended.table);
}

void SeccompSource::use(DescriptorOpened& opened, Now at, EventSink&) {
    const auto found = owners_.find(opened.table);
    if (found == owners_.end()) return;
    Owner& owner = found->second;
    const auto process = processes_.find(owner.process);
    const bool untold = process != processes_.end() && process->second.excluded;
    const std::uint32_t slot =
        ledger_.opened(owner.descriptors, {std::move(opened.descriptor),
                                           {},
                                           at,
                                           opened.initial || opened.inherited,
                                           opened.inherited,
                                           untold});
    places_[opened.id] = {&owner.descriptors, slot};
    learn_peer(opened.id, opened.peer_inode);
}

/// Names the process at the other end of a unix socket in what is told of both from now on.
void SeccompSource::learn_peer(std::uint64_t id, std::uint64_t peer_inode) {
    const Place& place = places_.at(id);
    const Descriptor& descriptor = place.owner->known[place.slot].descriptor;
    if (descriptor.type != FdType::unix_socket || !descriptor.inode) return;
    peers_.opened(id, *descriptor.inode, *place.owner, place.slot);
    if (peer_inode != 0) peers_.connected(*descriptor.inode, peer_inode);
}

void SeccompSource::use(const UnixSocketInherited& inherited, Now, EventSink&) {
    const auto found = owners_.find(inherited.table);
    if (found == owners_.end()) return;
    peers_.opened(inherited.id, inherited.inode, found->second.descriptors, {});
}

void SeccompSource::use(const DescriptorClosed& closed, Now, EventSink&) {
    peers_.closed(closed.id);
    const auto place = places_.find(closed.id);
    if (place == places_.end()) return;
    ledger_.closed(*place->second.owner, place->second.slot,
                   closed.at_exit ? Ledger::Closing::at_exit : Ledger::Closing::by_call);
    places_.erase(place);
}

void SeccompSource::use(DescriptorRenamed& renamed, Now, EventSink&) {
    const auto place = places_.find(renamed.id);
    if (place == places_.end()) return;
    ledger_.renamed(*place->second.owner, place->second.slot, std::move(renamed.descriptor), {});
}

void SeccompSource::use(DetailsLearned& learned, Now, EventSink&) {
    const auto place = places_.find(learned.id);
    if (place == places_.end()) return;
    KnownFd& known = place->second.owner->known[place->second.slot];
    if (learned.socket != nullptr) {
        known.descriptor.type = learned.type;
        if (learned.type == FdType::unix_socket) {
            SocketInfo info = *learned.socket;
            keep_known_peer(info, known.descriptor.socket.get());
            learned.socket = std::make_shared<const SocketInfo>(std::move(info));
        }
        known.descriptor.socket = std::move(learned.socket);
        known.asked_at_close = learned.at_close;
        learn_peer(learned.id, learned.peer_inode);
    }
    if (learned.object != nullptr) known.descriptor.object = std::move(learned.object);
    if (learned.totals) known.totals = learned.totals;
    if (learned.progress)
        ledger_.progressed(*place->second.owner, place->second.slot, *learned.progress);
}

void SeccompSource::use(ChangesLost& lost_changes, Now at, EventSink& sink) {
    Event event = lost(at, std::move(lost_changes.reason));
    const auto process = processes_.find(lost_changes.process);
    if (process != processes_.end()) event.actor = process->second.actor;
    sink.accept(std::move(event));
}

void SeccompSource::use(const NoticeGiven& notice, Now, EventSink& sink) {
    sink.notice(notice.text);
}

}  // namespace logfia
