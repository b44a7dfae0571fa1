// Keeps processes that are wanted but cannot be watched yet, and tries them again.

#include <logfia/process/process_set.hpp>

#include <utility>

namespace logfia {

/// A process that is gone need not be tried again.
void ProcessSet::put_off(PendingProcess process, const Error& error, NoticeSink& sink) {
    const pid_t pid = process.pid;
    if (!is_denied(error.code) && !is_lacking(error.code)) {
        note_unseen(pid);
        return pending_.erase(pid);
    }
    process.why =
        is_denied(error.code) ? PendingProcess::Why::denied : PendingProcess::Why::lacking;
    // A permission usually comes with an exec, which the connector reports.
    const bool hears = events_ && process.why == PendingProcess::Why::denied;
    const auto retry = hears ? PendingProcesses::Retry::on_news : PendingProcesses::Retry::by_time;
    const PendingProcess::Why why = process.why;
    if (pending_.put(std::move(process), now_, retry)) notices_.pending(why, error, sink);
}

/// A process that was to be watched has ended.
void ProcessSet::note_unseen(pid_t pid) {
    if (family_.settle(pid)) ++missed_.unseen;
}

/// A process that is not wanted may have ended before that was known.
void ProcessSet::note_unjudged(pid_t pid, const Reading<ProcessFacts>& facts) {
    if (facts && !facts->zombie) return;
    const bool everybody = wanted_.all && !wanted_.user && wanted_.not_names.empty();
    if (everybody || (facts && is_chosen(*facts).value_or(false)))
        note_unseen(pid);
    else if (!facts && family_.settle(pid))
        ++missed_.unjudged;
}

void ProcessSet::wait_for_reaping(const ProcessFacts& facts) {
    pending_.put({facts.pid, facts.start_time, PendingProcess::Why::ended, {}, {}}, now_,
                 PendingProcesses::Retry::by_time);
}

void ProcessSet::try_again(NoticeSink& sink) {
    due_.clear();
    pending_.copy_due(now_, due_);
    for (PendingProcess& one : due_) try_again(std::move(one), sink);
}

void ProcessSet::try_again(PendingProcess process, NoticeSink& sink) {
    if (process.wanted == PendingProcess::Wanted::undecided) {
        judge(process.pid, sink);
        return;
    }
    const auto facts = read_facts(root_, process.pid);
    if (is_lacking(facts.error())) return pending_.put_off(process.pid, now_);
    const bool is_other =
        facts && (process.start_time != 0 ? facts->start_time != process.start_time
                                          : !events_ && !has_parent_here(*facts));
    if (facts && facts->zombie && !is_other && !events_) return wait_for_reaping(*facts);
    if (!facts || facts->zombie || is_other) return pending_.erase(process.pid);
    family_.set_start(process.pid, facts->start_time);
    add(*facts, std::move(process.origin), sink);
}

/// Without the connector there is no news that a number was given again, so a living parent must
/// prove that the process is still the same.
bool ProcessSet::has_parent_here(const ProcessFacts& facts) const {
    return is_watched(facts.parent) || pending_.contains(facts.parent) ||
           makes_siblings(facts.parent);
}

}  // namespace logfia
