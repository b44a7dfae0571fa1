#pragma once

#include <logfia/net/resolver.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace logfia::test {

/// A ReverseLookup whose servers say what a test tells them to, when the test tells them to.
/// Answers arrive with the next process().
class FakeLookup final : public ReverseLookup {
  public:
    void says(const IpAddress& address, const std::string& name);
    void says_no_name(const IpAddress& address);
    void stays_silent(const IpAddress& address);
    /// The hosts file has the name: the result is there before start() returns.
    void hosts_file(const IpAddress& address, const std::string& name);
    /// From now on nothing can be sent: start() ends without an answer.
    void network_is_down() { down_ = true; }

    /// In the order in which they were started.
    [[nodiscard]] const std::vector<IpAddress>& started() const { return started_; }
    [[nodiscard]] std::size_t times_started(const IpAddress& address) const;

    void start(const IpAddress& address) override;
    void fetch_results(std::vector<LookupResult>& results) override;
    void add_pollfds(std::vector<pollfd>&) const override {}
    [[nodiscard]] std::optional<Duration> timeout() const override { return std::nullopt; }
    void process(std::span<const pollfd> ready) override;

  private:
    std::map<IpAddress, std::string> hosts_;
    bool down_ = false;
    std::vector<IpAddress> started_;
    std::vector<LookupResult> arriving_;
    std::vector<LookupResult> results_;
};

/// A Resolver on a FakeLookup, and a clock that the test turns.
struct ResolverWorld {
    explicit ResolverWorld(const ResolverLimits& limits = {});

    HostAnswerRef lookup(const IpAddress& address) { return resolver.lookup(address, now); }
    /// Lets the answers of the servers arrive.
    void arrive() { resolver.process({}, now); }
    void says(const IpAddress& address, const std::string& name);
    void says_no_name(const IpAddress& address);
    void stays_silent(const IpAddress& address);

    std::unique_ptr<FakeLookup> made;  ///< empty after construction
    FakeLookup& dns;
    Resolver resolver;
    SteadyTime now{std::chrono::hours(1)};
};

/// `pending`, `absent` or the name.
std::string text(const HostAnswerRef& answer);

}  // namespace logfia::test
