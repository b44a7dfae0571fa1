#include <logfia/net/host_name.hpp>
#include <logfia/net/resolver.hpp>

#include <algorithm>
#include <utility>

namespace logfia {

Resolver::Resolver(std::unique_ptr<ReverseLookup> lookup, const ResolverLimits& limits)
    : lookup_(std::move(lookup)),
      limits_(limits),
      absent_(std::make_shared<const HostAnswer>(HostAnswer{HostAnswer::State::absent, {}})) {}

Resolver::~Resolver() = default;

HostAnswerRef Resolver::lookup(const IpAddress& address, SteadyTime now) {
    const IpAddress key = unmapped(address);
    if (is_unspecified(key)) return absent_;
    if (const auto known = index_.find(key); known != index_.end()) {
        const auto entry = known->second;
        if (entry->stage != Stage::settled) return entry->answer;
        if (now < entry->expires) {
            settled_.splice(settled_.begin(), settled_, entry);
            return entry->answer;
        }
        settled_.erase(entry);
        index_.erase(known);
    }
    if (resting(now) || !make_room()) return absent_;
    ++asked_;
    queued_.push_back({key, std::make_shared<HostAnswer>(), {}, Stage::queued});
    index_.emplace(key, std::prev(queued_.end()));
    HostAnswerRef answer = queued_.back().answer;
    submit_queued(now);
    return answer;
}

void Resolver::add_pollfds(std::vector<pollfd>& pollfds) const {
    lookup_->add_pollfds(pollfds);
}

std::optional<Duration> Resolver::timeout() const {
    return lookup_->timeout();
}

void Resolver::process(std::span<const pollfd> ready, SteadyTime now) {
    lookup_->process(ready);
    store_results(Source::server, now);
    submit_queued(now);
}

// Queued and in-flight entries may be waited for: only settled ones are forgotten.
bool Resolver::make_room() {
    if (queued_.size() >= limits_.max_queued) return false;
    if (index_.size() < limits_.max_entries) return true;
    if (settled_.empty()) return false;
    index_.erase(settled_.back().address);
    settled_.pop_back();
    return true;
}

void Resolver::submit_queued(SteadyTime now) {
    while (!queued_.empty() && in_flight_.size() < limits_.max_in_flight) {
        const auto entry = queued_.begin();
        entry->stage = Stage::in_flight;
        in_flight_.splice(in_flight_.end(), queued_, entry);
        lookup_->start(entry->address);
        store_results(Source::start, now);
    }
}

void Resolver::store_results(Source source, SteadyTime now) {
    lookup_->fetch_results(results_);
    for (const LookupResult& result : results_) {
        const auto known = index_.find(result.address);
        if (known == index_.end() || known->second->stage != Stage::in_flight) continue;
        settle(known->second, result, now);
        // A query that ends while it is being started came from the hosts file or could not be
        // sent: it proves nothing good about the servers.
        if (result.outcome == LookupOutcome::no_answer) {
            note_silence(now);
        } else if (source == Source::server) {
            note_answer();
        }
    }
    results_.clear();
}

void Resolver::settle(Entries::iterator entry, const LookupResult& result, SteadyTime now) {
    HostAnswer& answer = *entry->answer;
    Duration keep = limits_.keep_no_answer;
    if (result.outcome == LookupOutcome::name) answer.name = checked_host_name(result.name);
    if (!answer.name.empty()) {
        answer.state = HostAnswer::State::found;
        ++found_;
        keep = limits_.keep_name;
    } else {
        answer.state = HostAnswer::State::absent;
        if (result.outcome != LookupOutcome::no_answer) keep = limits_.keep_no_name;
    }
    entry->expires = now + keep;
    entry->stage = Stage::settled;
    settled_.splice(settled_.begin(), in_flight_, entry);
}

void Resolver::note_answer() {
    ++answers_;
    silent_ = 0;
    rest_ = Duration::zero();
    rest_until_ = SteadyTime::min();
}

void Resolver::note_silence(SteadyTime now) {
    // A query from before a rest ends during it, and says nothing new.
    if (resting(now) || ++silent_ < limits_.silent_before_rest) return;
    rest_ =
        std::min(rest_ == Duration::zero() ? limits_.first_rest : 2 * rest_, limits_.longest_rest);
    rest_until_ = now + rest_;
    // Only an answer restores the credit: after the rest, one more silent query begins the next
    // rest.
    silent_ = limits_.silent_before_rest;
    drop_queue();
}

// Nobody was asked, so nothing is remembered.
void Resolver::drop_queue() {
    for (Entry& entry : queued_) {
        entry.answer->state = HostAnswer::State::absent;
        index_.erase(entry.address);
    }
    queued_.clear();
}

}  // namespace logfia
