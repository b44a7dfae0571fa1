#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/event/address.hpp>

#include <poll.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace logfia {

/// How a query ended.
enum class LookupOutcome : std::uint8_t {
    name,       ///< somebody knows a name
    no_name,    ///< somebody answered that there is none
    no_answer,  ///< nobody answered: a time-out, a server that cannot be reached
};

struct LookupResult {
    IpAddress address;
    LookupOutcome outcome = LookupOutcome::no_answer;
    std::string name;  ///< as it came: a stranger's bytes, not checked
};

/// Asks for the names of addresses, without waiting. The caller collects finished queries when it
/// is ready for them: nothing calls back, so no call can come at a bad moment (a hosts file answers
/// while the query is being started; a resolver that is destroyed answers everything once more).
class ReverseLookup {
  public:
    virtual ~ReverseLookup() = default;

    /// Starts a query. Exactly one result for it comes out of fetch_results, perhaps at once.
    virtual void start(const IpAddress& address) = 0;

    /// Appends what ended since the last call to `results`.
    virtual void fetch_results(std::vector<LookupResult>& results) = 0;

    /// Appends the descriptors to wait for; they stay the callee's and are valid until the next
    /// start() or process().
    virtual void add_pollfds(std::vector<pollfd>& pollfds) const = 0;

    /// How long the caller may sleep before it must call process(); nothing: for ever.
    [[nodiscard]] virtual std::optional<Duration> timeout() const = 0;

    /// Does what poll(2) says is ready, and what has timed out. Descriptors of others are ignored.
    virtual void process(std::span<const pollfd> ready) = 0;
};

}  // namespace logfia
