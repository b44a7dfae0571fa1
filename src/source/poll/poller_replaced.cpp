// Another file may take a number without its link becoming another text.

#include <logfia/source/poll/poller.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace logfia {
namespace {

/// Opening and reading fdinfo: 2 to 3 µs, measured.
constexpr Duration kCostOfOne = std::chrono::microseconds(2);
/// Of descriptors whose links cannot tell, a look compares as many as take a twentieth of a CPU.
constexpr int kShareOfUnclear = 20;
constexpr int kFewestUnclear = 16;
/// A file is seldom replaced under its name: comparing files may take a two-hundredth of a CPU.
constexpr int kShareOfFiles = 200;
constexpr int kMostComparisons = 512;  // in a look, of either kind
/// Between the beginnings of two rounds through a process that has not run.
constexpr Duration kSeldom = std::chrono::seconds(1);

auto find_entry(std::vector<FdEntry>& entries, int fd) {
    return std::lower_bound(entries.begin(), entries.end(), fd,
                            [](const FdEntry& held, int number) { return held.fd < number; });
}

bool is_file(const KnownFd& known) {
    return known.identity.inode && is_in(known.descriptor.type, FdGroup::real_file);
}

}  // namespace

void Poller::list_comparable(WatchedProcess& watched) {
    watched.unclear.clear();
    watched.files = 0;
    for (const FdEntry& entry : watched.snapshot.entries()) {
        const KnownFd& known = watched.known[entry.slot];
        if (describer_.may_be_replaced_unseen(known.descriptor, known.identity))
            watched.unclear.push_back(entry.fd);
        if (is_file(known)) ++watched.files;
    }
}

void Poller::begin_comparing() {
    const pid_t highest = processes_.empty() ? 0 : processes_.back()->process.pid();
    const auto affordable = [this](int share, int fewest) {
        const auto count = options_.interval.duration() / (share * kCostOfOne);
        return static_cast<int>(std::clamp<std::int64_t>(count, fewest, kMostComparisons));
    };
    unclear_turns_.begin_look(affordable(kShareOfUnclear, kFewestUnclear), highest);
    file_turns_.begin_look(affordable(kShareOfFiles, 1), highest);
}

/// A look is worth its cost when the process was left out, though it may not have run any more.
bool Poller::owes_comparison(const WatchedProcess& watched) {
    const pid_t pid = watched.process.pid();
    if (watched.denied) return false;
    const bool unclear = watched.round_of_unclear.owed && !watched.unclear.empty();
    const bool files = watched.round_of_files.owed && watched.files > 0;
    return (unclear && unclear_turns_.admit(pid) > 0) || (files && file_turns_.admit(pid) > 0);
}

/// True when somebody else must have replaced what was found to be another: the process has not run
/// since the round before, in which it was the same.
bool Poller::compare(WatchedProcess& watched) {
    if (!watched.begun || watched.denied) return false;
    const bool unclear = compare_unclear(watched);
    const bool files = compare_files(watched);
    if (!unclear && !files) return false;
    list_comparable(watched);
    watched.process.refresh_comm(root_);
    const auto rests = [cpu = watched.process.cpu_time()](const WatchedProcess::Round& round) {
        return round.seldom && round.cpu == cpu;
    };
    return (unclear && rests(watched.round_of_unclear)) || (files && rests(watched.round_of_files));
}

/// How many comparisons the process may make now. A round begins when it has run since the one
/// before, and once in a second all the same: another process may share the table. Where one is
/// known to do so, no clock tells.
int Poller::take_turn(const WatchedProcess& watched, WatchedProcess::Round& round,
                      ComparisonTurns& turns) const {
    WatchedProcess::Round next = round;
    if (round.up_to < 0) {
        const bool shared =
            !watched.gate.usable() && options_.interval.duration() >= RunGate::kShortestInterval;
        next.cpu = watched.process.cpu_time();
        next.began = now_.steady;
        next.seldom = !shared && next.cpu && next.cpu == round.cpu;
        if (next.seldom && now_.steady < round.began + kSeldom) return 0;
    }
    const int most = turns.admit(watched.process.pid());
    if (most > 0) round = next;
    // What others have left over may be little: then it goes on in the next look. But no look is
    // taken for that at one that has not run, of which there may be thousands.
    round.owed = !next.seldom && (most == 0 || !turns.is_first(watched.process.pid()));
    return most;
}

/// Those whose links cannot tell (Describer::may_be_replaced_unseen()).
bool Poller::compare_unclear(WatchedProcess& watched) {
    WatchedProcess::Round& round = watched.round_of_unclear;
    int most = watched.unclear.empty() ? 0 : take_turn(watched, round, unclear_turns_);
    if (most == 0) return false;
    bool replaced = false;
    auto at = std::upper_bound(watched.unclear.begin(), watched.unclear.end(), round.up_to);
    for (; at != watched.unclear.end() && most > 0; ++at, --most) {
        unclear_turns_.spend_one();
        round.up_to = *at;
        const auto entry = find_entry(watched.snapshot.entries(), *at);
        if (entry != watched.snapshot.entries().end() && entry->fd == *at)
            replaced = replace_if_another(watched, round, *entry) || replaced;
    }
    end_turn(watched, round, at == watched.unclear.end(), unclear_turns_);
    return replaced;
}

/// Files whose names others may have been given, as at a log's rotation.
bool Poller::compare_files(WatchedProcess& watched) {
    WatchedProcess::Round& round = watched.round_of_files;
    int most = watched.files == 0 ? 0 : take_turn(watched, round, file_turns_);
    if (most == 0) return false;
    auto& entries = watched.snapshot.entries();
    bool replaced = false;
    auto entry = find_entry(entries, round.up_to + 1);
    for (; entry != entries.end() && most > 0; ++entry) {
        round.up_to = entry->fd;
        if (!is_file(watched.known[entry->slot])) continue;
        --most;
        file_turns_.spend_one();
        replaced = replace_if_another(watched, round, *entry) || replaced;
    }
    end_turn(watched, round, entry == entries.end(), file_turns_);
    return replaced;
}

void Poller::end_turn(const WatchedProcess& watched, WatchedProcess::Round& round, bool is_over,
                      ComparisonTurns& turns) {
    if (is_over) round.up_to = -1;
    round.owed = round.owed && !is_over;
    if (round.owed) turns.admit(watched.process.pid());
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
    describer_.describe(watched.process, descriptions_, judge_sleep(watched));
    Description& description = descriptions_.front();
    if (!contradict(known.identity, description.identity)) return false;
    close(watched, entry.slot);
    open(watched, entry, description);
    return true;
}

}  // namespace logfia
