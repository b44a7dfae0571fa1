#include <logfia/source/poll/replacement_search.hpp>

#include <algorithm>
#include <vector>

namespace logfia {
namespace {

/// Opening and reading fdinfo: 2 to 3 µs, measured.
constexpr Duration kCostOfOne = std::chrono::microseconds(2);
/// A look compares as many descriptors with unclear links as fit into a twentieth of a CPU.
constexpr int kShareOfUnclear = 20;
constexpr int kFewestUnclear = 16;
/// A file is seldom replaced under its name: comparing files may take a two-hundredth of a CPU.
constexpr int kShareOfFiles = 200;
constexpr int kMostComparisons = 512;  // in one look, of either kind
/// Between the beginnings of two rounds through a process that has not run.
constexpr Duration kSeldom = std::chrono::seconds(1);

auto at_or_after(std::vector<FdEntry>& entries, int fd) {
    return std::lower_bound(entries.begin(), entries.end(), fd,
                            [](const FdEntry& held, int number) { return held.fd < number; });
}

bool is_file(const KnownFd& known) {
    return known.identity.inode && is_in(known.descriptor.type, FdGroup::real_file);
}

}  // namespace

void ReplacementSearch::begin_look(pid_t highest, SteadyTime now) {
    unclear_.begin_look(kShareOfUnclear, affordable(kShareOfUnclear, kFewestUnclear), highest, now);
    files_.begin_look(kShareOfFiles, affordable(kShareOfFiles, 1), highest, now);
}

/// A look may make `most` comparisons, but no more than the time since the last ones is worth. Of
/// looks that come back to back, each then makes few or none, and none takes much longer.
void ReplacementSearch::Comparisons::begin_look(int share, int most, pid_t highest,
                                                SteadyTime now) {
    const Duration worth = share * kCostOfOne;
    paid_until = std::max(paid_until + turns.spent() * worth, now - most * worth);
    turns.begin_look(static_cast<int>((now - paid_until) / worth), highest);
}

int ReplacementSearch::affordable(int share, int fewest) const {
    const auto count = interval_ / (share * kCostOfOne);
    return static_cast<int>(std::clamp<std::int64_t>(count, fewest, kMostComparisons));
}

void ReplacementSearch::list(WatchedProcess& watched) const {
    watched.unclear.clear();
    watched.files = 0;
    for (const FdEntry& entry : watched.snapshot.entries()) {
        const KnownFd& known = watched.known[entry.slot];
        if (describer_.may_be_replaced_unseen(known.descriptor, known.identity))
            watched.unclear.push_back(entry.fd);
        if (is_file(known)) ++watched.files;
    }
}

WatchedProcess::Round& ReplacementSearch::round_of(WatchedProcess& watched, Kind kind) {
    return kind == Kind::unclear ? watched.round_of_unclear : watched.round_of_files;
}

bool ReplacementSearch::is_owed(const WatchedProcess& watched, Kind kind) {
    if (watched.denied) return false;
    return kind == Kind::unclear ? watched.round_of_unclear.owed && !watched.unclear.empty()
                                 : watched.round_of_files.owed && watched.files > 0;
}

bool ReplacementSearch::owes_turn(const WatchedProcess& watched) {
    return is_owed(watched, Kind::unclear) || is_owed(watched, Kind::file);
}

bool ReplacementSearch::claim_turn(const WatchedProcess& watched) {
    const auto claims = [&](Kind kind) {
        return is_owed(watched, kind) && turns_of(kind).claim(watched.process.pid()) > 0;
    };
    return claims(Kind::unclear) || claims(Kind::file);
}

ReplacementSearch::Found ReplacementSearch::search(WatchedProcess& watched, const Look& look) {
    if (!watched.begun || watched.denied) return Found::nothing;
    const bool unclear = compare(watched, Kind::unclear, look);
    const bool files = compare(watched, Kind::file, look);
    if (!unclear && !files) return Found::nothing;
    list(watched);
    const auto rests = [&](const WatchedProcess::Round& round) {
        return round.seldom && !watched.may_have_run_since(round.cpu);
    };
    const bool by_other =
        (unclear && rests(watched.round_of_unclear)) || (files && rests(watched.round_of_files));
    return by_other ? Found::replaced_by_other : Found::replaced;
}

/// How many comparisons the process may make now. A round begins when the process has run since the
/// round before, and otherwise once a second, since another process may share the table. If another
/// process is known to share the table, no clock is evidence.
int ReplacementSearch::begin_turn(WatchedProcess& watched, Kind kind, SteadyTime now) {
    WatchedProcess::Round& round = round_of(watched, kind);
    WatchedProcess::Round next = round;
    if (round.up_to < 0) {
        next.cpu = watched.clock.cpu;
        next.began = now;
        next.seldom = !watched.clock.may_have_run_since(round.cpu);
        if (next.seldom && now < round.began + kSeldom) return 0;
    }
    ComparisonTurns& turns = turns_of(kind);
    const int most = turns.claim(watched.process.pid());
    if (most > 0) round = next;
    // If others have left too few comparisons, the round may go on in the next look. But no look is
    // taken just for that at a process that has not run, of which there may be thousands.
    round.owed = !next.seldom && (most == 0 || !turns.is_first(watched.process.pid()));
    return most;
}

/// The first entry of that kind with a higher number than `fd`; null when there is none.
FdEntry* ReplacementSearch::first_after(WatchedProcess& watched, Kind kind, int fd) {
    auto& entries = watched.snapshot.entries();
    if (kind == Kind::unclear) {
        const auto& unclear = watched.unclear;
        const auto number = std::upper_bound(unclear.begin(), unclear.end(), fd);
        if (number == unclear.end()) return nullptr;
        fd = *number - 1;
    }
    auto entry = at_or_after(entries, fd + 1);
    if (kind == Kind::file)
        entry = std::find_if(entry, entries.end(),
                             [&](const FdEntry& one) { return is_file(watched.known[one.slot]); });
    return entry == entries.end() ? nullptr : &*entry;
}

/// True when some descriptors were replaced.
bool ReplacementSearch::compare(WatchedProcess& watched, Kind kind, const Look& look) {
    const bool any = kind == Kind::unclear ? !watched.unclear.empty() : watched.files > 0;
    int left = any ? begin_turn(watched, kind, look.now.steady) : 0;
    if (left == 0) return false;
    WatchedProcess::Round& round = round_of(watched, kind);
    ComparisonTurns& turns = turns_of(kind);
    bool replaced = false;
    FdEntry* entry = first_after(watched, kind, round.up_to);
    for (; entry != nullptr && left > 0; entry = first_after(watched, kind, round.up_to)) {
        --left;
        turns.spend_one();
        round.up_to = entry->fd;
        replaced = is_replaced(watched, round, *entry, look) || replaced;
    }
    const bool is_over = entry == nullptr;
    if (is_over) round.up_to = -1;
    round.owed = round.owed && !is_over;
    if (round.owed) turns.claim(watched.process.pid());
    return replaced;
}

bool ReplacementSearch::is_replaced(WatchedProcess& watched, WatchedProcess::Round& round,
                                    FdEntry& entry, const Look& look) {
    if (entry.changed == look.number) {
        // A second record of a descriptor in one look would be too much: the next look compares.
        round.cpu.reset();
        return false;
    }
    const KnownFd& known = watched.known[entry.slot];
    if (!contradict(known.identity, describer_.identity_now(watched.process, known.descriptor)))
        return false;
    return changes_.replace_if_another(watched, entry, look);
}

}  // namespace logfia
