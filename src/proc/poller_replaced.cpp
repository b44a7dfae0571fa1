// Another file may take a number without its link becoming another text.

#include <logfia/proc/poller.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace logfia {
namespace {

constexpr int kMostComparisons = 512;  // in a look
// A file is seldom replaced under its name: comparing them may take a two-hundredth of a CPU.
constexpr int kShareOfFiles = 200;
constexpr Duration kCostOfOne = std::chrono::microseconds(2);
/// Between the beginnings of two rounds through a process that has not run.
constexpr Duration kSeldom = std::chrono::seconds(1);

auto find_entry(std::vector<FdEntry>& entries, int fd) {
    return std::lower_bound(entries.begin(), entries.end(), fd,
                            [](const FdEntry& held, int number) { return held.fd < number; });
}

}  // namespace

void Poller::list_unclear(WatchedProcess& watched) {
    watched.unclear.clear();
    for (const FdEntry& entry : watched.snapshot.entries()) {
        const KnownFd& known = watched.known[entry.slot];
        if (describer_.may_be_replaced_unseen(known.descriptor, known.identity))
            watched.unclear.push_back(entry.fd);
    }
}

/// Who was left out when the last look had compared enough comes first.
void Poller::begin_comparing() {
    comparisons_left_ = kMostComparisons;
    const auto affordable = options_.interval / (kShareOfFiles * kCostOfOne);
    file_comparisons_left_ = std::clamp(static_cast<int>(affordable), 1, kMostComparisons);
    compare_from_ = std::exchange(compare_next_, 0);
    if (processes_.empty() || processes_.back()->process.pid() < compare_from_) compare_from_ = 0;
}

/// True when somebody else must have replaced what was found to be another: the process has not run
/// since the round before, in which it was the same.
bool Poller::compare(WatchedProcess& watched) {
    if (!watched.begun || watched.denied || watched.process.pid() < compare_from_) return false;
    const bool unclear = compare_unclear(watched);
    const bool files = compare_files(watched);
    if (comparisons_left_ == 0 && compare_next_ == 0) compare_next_ = watched.process.pid() + 1;
    if (!unclear && !files) return false;
    list_unclear(watched);
    watched.process.refresh_comm(root_);
    const auto rests = [cpu = watched.process.cpu_time()](const WatchedProcess::Round& round) {
        return round.seldom && round.cpu == cpu;
    };
    return (unclear && rests(watched.round_of_unclear)) || (files && rests(watched.round_of_files));
}

/// A round begins when the process has run since the one before, and once in a second all the same:
/// another process may share the table. Where one is known to do so, no clock tells.
bool Poller::begins_round(const WatchedProcess& watched, WatchedProcess::Round& round) const {
    if (round.up_to >= 0) return true;
    const bool shared = !watched.gate.usable() && options_.interval >= RunGate::kShortestInterval;
    const auto cpu = watched.process.cpu_time();
    const bool has_run = shared || !cpu || cpu != round.cpu;
    if (!has_run && now_.steady < round.began + kSeldom) return false;
    round.cpu = cpu;
    round.began = now_.steady;
    round.seldom = !has_run;
    return true;
}

/// Those whose links cannot tell (Describer::may_be_replaced_unseen()).
bool Poller::compare_unclear(WatchedProcess& watched) {
    WatchedProcess::Round& round = watched.round_of_unclear;
    if (watched.unclear.empty() || !begins_round(watched, round)) return false;
    bool replaced = false;
    auto at = std::upper_bound(watched.unclear.begin(), watched.unclear.end(), round.up_to);
    for (; at != watched.unclear.end() && comparisons_left_ > 0; ++at) {
        --comparisons_left_;
        round.up_to = *at;
        const auto entry = find_entry(watched.snapshot.entries(), *at);
        if (entry != watched.snapshot.entries().end() && entry->fd == *at)
            replaced = replace_if_another(watched, round, *entry) || replaced;
    }
    if (at == watched.unclear.end()) round.up_to = -1;
    return replaced;
}

/// Files whose names others may have been given, as at a log's rotation.
bool Poller::compare_files(WatchedProcess& watched) {
    WatchedProcess::Round& round = watched.round_of_files;
    auto& entries = watched.snapshot.entries();
    if (file_comparisons_left_ == 0 || !begins_round(watched, round)) return false;
    bool replaced = false;
    auto entry = find_entry(entries, round.up_to + 1);
    for (; entry != entries.end() && file_comparisons_left_ > 0; ++entry) {
        round.up_to = entry->fd;
        const KnownFd& known = watched.known[entry->slot];
        if (!known.identity.inode || !has_name(known.descriptor.type)) continue;
        --file_comparisons_left_;
        replaced = replace_if_another(watched, round, *entry) || replaced;
    }
    if (entry == entries.end()) round.up_to = -1;
    return replaced;
}

bool Poller::replace_if_another(WatchedProcess& watched, WatchedProcess::Round& round,
                                FdEntry& entry) {
    if (entry.changed == look_) {
        // One record of a descriptor is enough in a look: the next one compares.
        round.cpu.reset();
        return false;
    }
    const KnownFd& known = watched.known[entry.slot];
    if (!contradict(known.identity, describer_.identity_now(watched.process, known.descriptor)))
        return false;
    // The link may have become another just now: then the next look tells.
    descriptions_.clear();
    descriptions_.push_back({entry.fd, watched.snapshot.name(entry)});
    describer_.describe(watched.process, descriptions_);
    Description& description = descriptions_.front();
    if (!contradict(known.identity, description.identity)) return false;
    close(watched, entry.slot);
    open(watched, entry, description);
    return true;
}

}  // namespace logfia
