#include <logfia/event/socket_text.hpp>
#include <logfia/report/summary.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace logfia {
namespace {

constexpr std::size_t kFewNames = 3;      // names that are alike share one row from this number on
constexpr std::size_t kMaxNames = 1'000;  // of one row that are told apart, to count them

/// The number of `pipe:[123]` and the like means nothing, so the kind is the name.
std::string kind_name(const Descriptor& descriptor) {
    const std::string& name = descriptor.name;
    return name.starts_with("anon_inode:") ? name : std::string(to_string(descriptor.type));
}

}  // namespace

void Summary::note(const Event& event, std::string_view host) {
    const DescriptorChange* change = event.descriptor_change();
    if (change == nullptr) return;
    servers_.note(change->descriptor);
    switch (event.kind) {
        case EventKind::open:
            return note_open(*change, event.at.steady, host);
        case EventKind::close:
            return note_close(*change, host);
        case EventKind::connect:
        case EventKind::listen:
            return move(change->descriptor, host);
        default:
            return;
    }
}

void Summary::note_open(const DescriptorChange& change, SteadyTime now, std::string_view host) {
    const Index index = row_of(change.descriptor, host);
    SummaryRow& row = rows_[index];
    ++(change.initial ? row.initial : row.opens);
    row.most_open = std::max(row.most_open, ++row.open);
    live_[change.descriptor.id] = {index, now, change.initial};
}

void Summary::note_close(const DescriptorChange& change, std::string_view host) {
    const auto live = live_.find(change.descriptor.id);
    const bool known = live != live_.end();
    const Index index = known ? resolve(live->second.row) : row_of(change.descriptor, host);
    SummaryRow& row = rows_[index];
    ++row.closes;
    if (known && row.open > 0) --row.open;
    tell_host(index, host);
    if (change.held) {
        row.held_total += *change.held;
        row.held_longest = std::max(row.held_longest, *change.held);
    }
    if (known) live_.erase(live);
}

/// Moves the descriptor to the row of its present peer.
void Summary::move(const Descriptor& descriptor, std::string_view host) {
    const auto live = live_.find(descriptor.id);
    if (live == live_.end()) return;
    const Index to = row_of(descriptor, host);
    SummaryRow& before = rows_[resolve(live->second.row)];
    SummaryRow& after = rows_[to];
    if (&before == &after) return;
    const bool initial = live->second.initial;
    --(initial ? before.initial : before.opens);
    --before.open;
    ++(initial ? after.initial : after.opens);
    after.most_open = std::max(after.most_open, ++after.open);
    live->second.row = to;
}

Summary::Index Summary::row_of(const Descriptor& descriptor, std::string_view host) {
    const AlikeName alike = alike_name(descriptor, servers_);
    if (is_in(descriptor.type, FdGroup::path))
        return row_among(alike.name, std::string(path_without_deleted(descriptor)),
                         descriptor.type);
    if (!is_in(descriptor.type, FdGroup::socket))
        return row_named(kind_name(descriptor), descriptor.type);
    std::string pattern(to_string(descriptor.type));
    if (!alike.name.empty()) pattern += ' ' + alike.name;
    const Index row = row_among(pattern, name_with_type(descriptor), descriptor.type);
    tell_host(row, host);
    return row;
}

void Summary::tell_host(Index row, std::string_view host) {
    if (!host.empty() && row != others_) rows_[row].host = host;
}

Summary::Index Summary::row_among(const std::string& pattern, const std::string& name,
                                  FdType type) {
    if (pattern == name) return row_named(name, type);
    const auto known = alike_.find(pattern);
    if (known == alike_.end() && alike_.size() >= kMaxRows) return row_named(name, type);
    Alike& alike = alike_[pattern];
    const bool known_name = alike.names.contains(name);
    if (!known_name && alike.names.size() + 1 == kFewNames) merge(pattern, alike);
    if (alike.merged) {
        if (alike.names.size() < kMaxNames) alike.names.insert(name);
        rows_[alike.row].names = alike.names.size();
        return alike.row;
    }
    const Index own = row_named(name, type);
    // A name that is counted in the row `(others)` stays there.
    if (known_name || own == others_) return own;
    alike.names.insert(name);
    alike.own.push_back(own);
    return own;
}

void Summary::merge(const std::string& pattern, Alike& alike) {
    alike.merged = true;
    alike.row = alike.own.front();
    SummaryRow& all = rows_[alike.row];
    for (const std::string& name : alike.names) by_name_.erase(name);
    for (const Index index : alike.own) {
        if (index == alike.row) continue;
        const SummaryRow one = std::exchange(rows_[index], {});
        moved_to_[index] = alike.row;
        if (all.host.empty()) all.host = one.host;
        all.opens += one.opens;
        all.initial += one.initial;
        all.closes += one.closes;
        all.open += one.open;
        all.most_open = std::max({all.most_open, one.most_open, all.open});
        all.held_total += one.held_total;
        all.held_longest = std::max(all.held_longest, one.held_longest);
    }
    all.name = pattern;
    alike.own.clear();
}

Summary::Index Summary::row_named(const std::string& name, FdType type) {
    const auto known = by_name_.find(name);
    if (known != by_name_.end()) return known->second;
    if (by_name_.size() >= kMaxRows) return others();
    const Index row = add_row(name, type);
    by_name_.emplace(name, row);
    return row;
}

Summary::Index Summary::others() {
    if (!others_) others_ = add_row("(others)", FdType::unknown);
    return *others_;
}

Summary::Index Summary::add_row(std::string name, FdType type) {
    const Index index = rows_.size();
    moved_to_.push_back(index);
    rows_.push_back({});
    rows_.back().name = std::move(name);
    rows_.back().type = type;
    return index;
}

Summary::Index Summary::resolve(Index row) const {
    return moved_to_[row];
}

std::vector<SummaryRow> Summary::rows(SteadyTime end) const {
    std::vector<SummaryRow> all = rows_;
    for (const auto& [id, live] : live_) {
        if (live.initial) continue;
        SummaryRow& row = all[resolve(live.row)];
        row.held_total += end - live.since;
        row.held_longest = std::max<Duration>(row.held_longest, end - live.since);
    }
    std::erase_if(all, [](const SummaryRow& row) {
        return row.opens == 0 && row.initial == 0 && row.closes == 0;
    });
    std::sort(all.begin(), all.end(), [](const SummaryRow& a, const SummaryRow& b) {
        return std::tie(b.opens, b.closes, a.name) < std::tie(a.opens, a.closes, b.name);
    });
    return all;
}

}  // namespace logfia
