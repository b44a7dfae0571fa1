// Memory that runs out within a callback from a C library: no exception may pass through the C
// code.

#include "allocation/counting.hpp"
#include "support/addresses.hpp"
#include <logfia/net/cares_resolver.hpp>

#include <gtest/gtest.h>
#include <poll.h>

#include <new>
#include <stdexcept>

namespace logfia::test {
namespace {

/// Lets only this many allocations succeed during its lifetime.
class Memory {
  public:
    explicit Memory(std::ptrdiff_t left) { allocations_left = left; }
    ~Memory() { allocations_left = -1; }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
};

/// Nobody listens there, which is told at once.
std::unique_ptr<ReverseLookup> lookup_in_vain() {
    auto lookup = make_cares_lookup({{{ip("127.0.0.1"), 1}}, std::chrono::milliseconds(20), 1});
    if (!lookup) throw std::runtime_error(describe(lookup.error()));
    return std::move(*lookup);
}

constexpr std::size_t kQueries = 3;

void ask_and_wait(ReverseLookup& lookup) {
    for (std::size_t i = 0; i < kQueries; ++i) lookup.start(ip("192.0.2.1"));
    std::vector<LookupResult> results;
    while (results.size() < kQueries) {
        std::vector<pollfd> ready;
        lookup.add_pollfds(ready);
        poll(ready.data(), ready.size(), 5);
        lookup.process(ready);
        lookup.fetch_results(results);
    }
}

TEST(NoMemory, InACallbackOfCaresIsToldWhenItHasReturned) {
    bool enough = false;
    int failures = 0;
    for (std::ptrdiff_t left = 0; !enough; ++left) {
        auto lookup = lookup_in_vain();
        const Memory memory(left);
        try {
            ask_and_wait(*lookup);
            enough = true;
        } catch (const std::bad_alloc&) {
            ++failures;
        }
        lookup.reset();  // queries that are still under way end now
    }
    EXPECT_GT(failures, 3);
}

}  // namespace
}  // namespace logfia::test
