#include <logfia/event/filter.hpp>

#include <algorithm>
#include <utility>

namespace logfia {
namespace {

bool any_matches(const std::vector<Glob>& globs, const Event& event) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const Glob& glob) { return glob.matches(event); });
}

bool any_matches_host(const std::vector<Glob>& globs, std::string_view host) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const Glob& glob) { return glob.matches_host(host); });
}

bool any_may_match_host(const std::vector<Glob>& globs) {
    return std::any_of(globs.begin(), globs.end(),
                       [](const Glob& glob) { return glob.may_match_host(); });
}

bool names_a_socket(const std::optional<TypeSet>& types) {
    const auto rows = fd_types();
    return types && std::any_of(rows.begin(), rows.end(), [&](const FdTypeRow& row) {
               return is_in(row.type, FdGroup::socket) && types->contains(row.type);
           });
}

/// The parent's own record tells it, where the parent is watched.
bool is_news_of_parent(EventKind kind) {
    return kind == EventKind::open || kind == EventKind::close || kind == EventKind::rename;
}

}  // namespace

bool FilterOptions::tells(EventKind kind) const {
    if (kind == EventKind::lost || more_events.contains(kind)) return true;
    return events ? events->contains(kind) : row_of(kind).is_told_of(Subject::descriptor);
}

Filter::Filter(FilterOptions options)
    : options_(std::move(options)),
      selects_(options_.real_files_only || options_.types || !options_.include.empty() ||
               !options_.exclude.empty()),
      wants_a_socket_(names_a_socket(options_.types)) {}

Filter::Verdict Filter::judge(const Event& event) {
    const DescriptorChange* change = event.descriptor_change();
    if (change == nullptr) return Verdict::keep;
    const bool untold = change->inherited && !options_.inherited;
    if (!selects_ && !untold) return Verdict::keep;
    const bool last = event.kind == EventKind::close;
    const std::uint64_t id = change->descriptor.id;
    const auto known = memory_.find(id);
    if (known != memory_.end()) {
        // Earlier records must be decided first.
        if (known->second.asked > 0) {
            ++known->second.asked;
            return Verdict::ask;
        }
        if (last) memory_.erase(known);
        return Verdict::keep;
    }
    if (untold && (is_news_of_parent(event.kind) || !shows(event))) return Verdict::drop;
    if (!passes_type(change->descriptor.type)) {
        const bool is_unknown =
            change->descriptor.type == FdType::socket && change->descriptor.socket == nullptr;
        if (last && wants_a_socket_ && is_unknown) ++unidentified_;
        return Verdict::drop;
    }
    const Verdict verdict = judge_names(event);
    if (verdict == Verdict::ask) memory_[id].asked = 1;
    if (verdict == Verdict::keep && !last) memory_[id].kept = true;
    return verdict;
}

bool Filter::decide(const Event& event, std::string_view host) {
    const Descriptor& descriptor = event.descriptor_change()->descriptor;
    const auto known = memory_.find(descriptor.id);
    if (known == memory_.end()) return false;
    Memory& memory = known->second;
    --memory.asked;
    if (!memory.kept) memory.kept = passes_type(descriptor.type) && passes_with_host(event, host);
    const bool kept = memory.kept;
    // A descriptor that was not kept is judged from scratch the next time.
    if (event.kind == EventKind::close || (!kept && memory.asked == 0)) memory_.erase(known);
    return kept;
}

bool Filter::shows(const Event& event) const {
    return options_.tells(event.kind) && (options_.initial || !is_initial(event));
}

bool Filter::passes_type(FdType type) const {
    if (options_.real_files_only && !is_in(type, FdGroup::real_file)) return false;
    return !options_.types || (type != FdType::unknown && options_.types->contains(type));
}

Filter::Verdict Filter::judge_names(const Event& event) const {
    if (any_matches(options_.exclude, event)) return Verdict::drop;
    const bool included = options_.include.empty() || any_matches(options_.include, event);
    // The host name matters only if it could include a record that is not included, or exclude one
    // that is.
    const bool name_counts = options_.hosts && peer_of(event) != nullptr &&
                             any_may_match_host(included ? options_.exclude : options_.include);
    if (name_counts) return Verdict::ask;
    return included ? Verdict::keep : Verdict::drop;
}

bool Filter::passes_with_host(const Event& event, std::string_view host) const {
    if (any_matches(options_.exclude, event) || any_matches_host(options_.exclude, host))
        return false;
    return options_.include.empty() || any_matches(options_.include, event) ||
           any_matches_host(options_.include, host);
}

}  // namespace logfia
