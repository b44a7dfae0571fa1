#include "support/model_run.hpp"
#include "support/sanitizers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace logfia {
namespace {

// However threads act, each descriptor is told once, under the right name and number, and closed
// when it was.
TEST(ModelRandom, TellsTheTruth) {
    const unsigned runs = test::is_sanitized() ? 1000 : 20'000;
    constexpr std::size_t kBytes = 100;
    for (unsigned seed = 0; seed < runs; ++seed) {
        std::mt19937 random(seed);
        std::vector<std::uint8_t> bytes(kBytes);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
        ASSERT_THAT(test::run_bytes(bytes.data(), bytes.size()), testing::IsEmpty())
            << "seed " << seed;
    }
}

}  // namespace
}  // namespace logfia
