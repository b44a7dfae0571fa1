#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/address.hpp>
#include <logfia/net/reverse_lookup.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace logfia {

struct HostAnswer {
    enum class State : std::uint8_t { pending, found, absent };
    State state = State::pending;
    std::string name;  ///< `found`: a checked host name with its last dot
};

/// Shared by the cache and by those who wait for the answer: turns from `pending` to the outcome,
/// and stays valid when the cache forgets it. Never null when it comes from a Resolver.
using HostAnswerRef = std::shared_ptr<const HostAnswer>;

struct ResolverLimits {
    std::size_t max_in_flight = 64;  ///< more than a socket buffer holds would lose answers
    std::size_t max_queued = 12'288;
    std::size_t max_entries = 16'384;  ///< of the cache, what is queued and in flight included
    Duration keep_name = std::chrono::hours(1);
    Duration keep_no_name = std::chrono::minutes(10);
    Duration keep_no_answer = std::chrono::minutes(1);
    unsigned silent_before_rest = 5;  ///< queries without an answer, one after the other
    Duration first_rest = std::chrono::seconds(30);
    Duration longest_rest = std::chrono::minutes(5);
};

/// The names of addresses, from a cache or "pending"; nothing here waits.
///
/// Servers that only stay silent get a rest: no query is sent for a while (each time twice as
/// long), and names that are not in the cache are absent at once. Any answer ends the rest.
class Resolver {
  public:
    explicit Resolver(std::unique_ptr<ReverseLookup> lookup, const ResolverLimits& limits = {});
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;
    ~Resolver();

    /// The answer so far for `address` (an IPv4-mapped one is asked as IPv4); starts a query unless
    /// one is under way. Allocates nothing when the answer is in the cache. Also `absent` when too
    /// many queries wait.
    HostAnswerRef lookup(const IpAddress& address, SteadyTime now);

    /// For the queries that are under way; see ReverseLookup. Call process() whenever poll(2)
    /// returned, before looking at any answer.
    void add_pollfds(std::vector<pollfd>& pollfds) const;
    [[nodiscard]] std::optional<Duration> timeout() const;
    void process(std::span<const pollfd> ready, SteadyTime now);

    /// How many answers servers have given so far, "no such name" included. If the count does not
    /// change while somebody waits, the servers are dead or slow.
    [[nodiscard]] std::uint64_t answers() const { return answers_; }

    /// How many addresses were asked for so far, and for how many a name came.
    [[nodiscard]] std::uint64_t asked() const { return asked_; }
    [[nodiscard]] std::uint64_t found() const { return found_; }

    [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
    [[nodiscard]] std::size_t queued() const { return queued_.size(); }
    /// Addresses remembered, queued and in flight ones included.
    [[nodiscard]] std::size_t entries() const { return index_.size(); }

  private:
    enum class Stage : std::uint8_t { queued, in_flight, settled };
    enum class Source : std::uint8_t { start, server };
    struct Entry {
        IpAddress address;
        std::shared_ptr<HostAnswer> answer;
        SteadyTime expires;  ///< when a settled entry expires
        Stage stage = Stage::queued;
    };
    using Entries = std::list<Entry>;

    [[nodiscard]] bool resting(SteadyTime now) const { return now < rest_until_; }
    bool make_room();
    void submit_queued(SteadyTime now);
    void store_results(Source source, SteadyTime now);
    void settle(Entries::iterator entry, const LookupResult& result, SteadyTime now);
    void note_answer();
    void note_silence(SteadyTime now);
    void drop_queue();

    std::unique_ptr<ReverseLookup> lookup_;
    ResolverLimits limits_;
    /// A tree and not a hash table: peers choose the addresses.
    std::map<IpAddress, Entries::iterator> index_;
    Entries queued_;     ///< in the order in which they were asked for
    Entries in_flight_;  ///< started
    Entries settled_;    ///< answered; the one used last is the first
    HostAnswerRef absent_;
    std::vector<LookupResult> results_;
    std::uint64_t answers_ = 0;
    std::uint64_t asked_ = 0;
    std::uint64_t found_ = 0;
    unsigned silent_ = 0;  ///< queries that ended without an answer since the last answer
    Duration rest_{};      ///< the length of the last rest; 0: none since the last answer
    SteadyTime rest_until_ = SteadyTime::min();
};

}  // namespace logfia
