#include <logfia/process/process.hpp>
#include <logfia/process/process_notices.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace logfia {

void ProcessNotices::start(std::size_t denied, std::size_t watched, NoticeSink& sink) const {
    if (wanted_.all && denied > 0) {
        const bool one = denied == 1;
        sink.notice(fmt::format("{} may not be looked into and {} left out: {}",
                                one ? "1 process" : fmt::format("{} processes", denied),
                                one ? "is" : "are", advice_to_be_root()));
    }
    if (wanted_.waits && wanted_.by_name() && watched == 0)
        sink.notice(wanted_.all ? "no process to watch yet: waiting"
                                : fmt::format("no process to watch is named '{}' yet: waiting",
                                              fmt::join(wanted_.names, "' or '")));
}

void ProcessNotices::pending(PendingProcess::Why why, const Error& error, NoticeSink& sink) {
    const bool denied = why == PendingProcess::Why::denied;
    if (denied && wanted_.all) return;
    int& told = denied ? denied_told_ : lacking_told_;
    if (told > kMostTold) return;
    if (told++ == kMostTold) {
        sink.notice(denied ? "more processes may not be looked into: they are no longer named one "
                             "by one"
                           : "more processes cannot be watched yet: they are no longer named one "
                             "by one");
        return;
    }
    Error line = error;
    if (!denied) line.advice = "logfia keeps trying while the process lives";
    sink.notice(describe(line));
}

void ProcessNotices::unlisted(const Error& error, NoticeSink& sink) {
    if (std::exchange(unlisted_told_, true)) return;
    Error line = error;
    line.operation = "cannot " + line.operation;
    line.advice = "logfia will try again";
    sink.notice(describe(line));
}

void ProcessNotices::no_children_files(NoticeSink& sink) {
    if (std::exchange(no_children_files_told_, true)) return;
    sink.notice(
        "this kernel does not list the children of a process (CONFIG_PROC_CHILDREN): logfia "
        "looks for children among all processes, and may miss short-lived ones");
}

void ProcessNotices::crowded(const DescriptorBudget& budget, std::size_t watched,
                             NoticeSink& sink) {
    if (!std::exchange(crowded_told_, true)) sink.notice(budget.advice(watched));
}

}  // namespace logfia
