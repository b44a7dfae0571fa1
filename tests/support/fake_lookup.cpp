#include "support/fake_lookup.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace logfia::test {

void FakeLookup::says(const IpAddress& address, const std::string& name) {
    arriving_.push_back({address, LookupOutcome::name, name});
}

void FakeLookup::says_no_name(const IpAddress& address) {
    arriving_.push_back({address, LookupOutcome::no_name, {}});
}

void FakeLookup::stays_silent(const IpAddress& address) {
    arriving_.push_back({address, LookupOutcome::no_answer, {}});
}

void FakeLookup::hosts_file(const IpAddress& address, const std::string& name) {
    hosts_[address] = name;
}

std::size_t FakeLookup::times_started(const IpAddress& address) const {
    return static_cast<std::size_t>(std::count(started_.begin(), started_.end(), address));
}

void FakeLookup::start(const IpAddress& address) {
    started_.push_back(address);
    if (const auto host = hosts_.find(address); host != hosts_.end()) {
        results_.push_back({address, LookupOutcome::name, host->second});
    } else if (down_) {
        results_.push_back({address, LookupOutcome::no_answer, {}});
    }
}

void FakeLookup::fetch_results(std::vector<LookupResult>& results) {
    std::move(results_.begin(), results_.end(), std::back_inserter(results));
    results_.clear();
}

void FakeLookup::process(std::span<const pollfd>) {
    std::move(arriving_.begin(), arriving_.end(), std::back_inserter(results_));
    arriving_.clear();
}

ResolverWorld::ResolverWorld(const ResolverLimits& limits)
    : made(std::make_unique<FakeLookup>()), dns(*made), resolver(std::move(made), limits) {}

void ResolverWorld::says(const IpAddress& address, const std::string& name) {
    dns.says(address, name);
    arrive();
}

void ResolverWorld::says_no_name(const IpAddress& address) {
    dns.says_no_name(address);
    arrive();
}

void ResolverWorld::stays_silent(const IpAddress& address) {
    dns.stays_silent(address);
    arrive();
}

std::string text(const HostAnswerRef& answer) {
    if (answer == nullptr) return "null";
    switch (answer->state) {
        case HostAnswer::State::pending:
            return "pending";
        case HostAnswer::State::absent:
            return answer->name.empty() ? "absent" : "absent with " + answer->name;
        case HostAnswer::State::found:
            break;
    }
    return answer->name;
}

}  // namespace logfia::test
