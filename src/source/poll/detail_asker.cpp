#include <logfia/procfs/object_info.hpp>
#include <logfia/source/poll/detail_asker.hpp>

namespace logfia {
namespace {

constexpr Duration kTargetsPause = std::chrono::seconds(1);

}  // namespace

DetailAsker::DetailAsker(const Options& options, Describer& describer)
    : options_(options),
      describer_(describer),
      sockets_(asker_, options.interval, options.sockets),
      epoll_targets_(asker_),
      hangups_(options.interval) {
    if (options.hangups) sockets_.note_hangups(SocketSchedule::Hangups::wanted);
}

bool DetailAsker::ask_for_hangups(const ProcRoot& root, const WatchList& processes,
                                  SteadyTime now) {
    return options_.hangups && options_.socket_details &&
           hangups_.ask(root, processes, sockets_, now);
}

void DetailAsker::answer(const ProcRoot& root, SteadyTime now, const WatchList& processes) {
    sockets_.answer(root, now, processes.all());
    epoll_targets_.answer(root, now);
}

void DetailAsker::ask(WatchedProcess& watched, std::uint32_t slot, SteadyTime now) {
    const FdType type = watched.known[slot].descriptor.type;
    if (type == FdType::socket && options_.socket_details) sockets_.ask_new(watched, slot, now);
    if (type == FdType::epoll && options_.targets) epoll_targets_.ask(watched, slot, now);
}

void DetailAsker::ask_again(WatchedProcess& watched, SteadyTime now) {
    if (options_.socket_details) {
        sockets_.ask_due(watched, now);
        sockets_.ask_totals(watched, now);
    }
    if (options_.targets) refresh_targets(watched, now);
}

/// An epoll is open before it has any targets; no record says so, except its `close`.
void DetailAsker::refresh_targets(WatchedProcess& watched, SteadyTime now) {
    if (now < watched.next_targets) return;
    watched.next_targets = now + kTargetsPause;
    for (const FdEntry& entry : watched.snapshot.entries()) {
        Descriptor& descriptor = watched.known[entry.slot].descriptor;
        // With many targets an answer takes the kernel long, and a process that changes them has to
        // wait.
        if (descriptor.object && descriptor.object->targets_cut) continue;
        if (descriptor.type == FdType::epoll)
            epoll_targets_.ask(watched, entry.slot, now);
        else if (is_in(descriptor.type, FdGroup::targets))
            describer_.refresh_object(watched.process, descriptor);
    }
}

void DetailAsker::finish(const WatchList& processes, Ledger& ledger) {
    if (options_.totals && ledger.has_closes()) {
        sockets_.hear_ends();
        ledger.for_each_closed(
            [this](const DescriptorOwner&, KnownFd& known) { sockets_.finish(known); });
    }
    unix_peers_.name(sockets_.connected(), processes.all(), ledger);
    sockets_.connected().clear();
    for (const SocketSchedule::Progress& step : sockets_.progress())
        ledger.progressed(*step.process, step.slot, step.kind);
    sockets_.progress().clear();
}

}  // namespace logfia
