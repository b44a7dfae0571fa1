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

}  // namespace

Filter::Filter(FilterOptions options)
    : options_(std::move(options)),
      selects_(options_.real_files_only || options_.types || !options_.include.empty() ||
               !options_.exclude.empty()) {}

Filter::Verdict Filter::judge(const Event& event) {
    const DescriptorChange* change = event.descriptor_change();
    if (!selects_ || change == nullptr) return Verdict::keep;
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
    if (!passes_type(change->descriptor.type)) return Verdict::drop;
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
    if (event.kind == EventKind::lost) return true;
    // A `hangup` is shown only to those who ask for it; `--leaks` has it noticed all the same.
    if (!options_.events && event.kind == EventKind::hangup) return false;
    if (options_.events && !options_.events->contains(event.kind)) return false;
    const DescriptorChange* change = event.descriptor_change();
    return options_.initial || change == nullptr || !change->initial;
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
