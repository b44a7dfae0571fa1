#pragma once

#include <cstdint>

namespace logfia {

/// Gives processes and descriptors our own numbers, from 1 on. One instance serves all sources of a
/// run, so that no number is ever given twice.
class Numbers {
  public:
    Numbers() = default;
    Numbers(const Numbers&) = delete;
    Numbers& operator=(const Numbers&) = delete;

    std::uint64_t next_process() { return ++processes_; }
    std::uint64_t next_descriptor() { return ++descriptors_; }

  private:
    std::uint64_t processes_ = 0;
    std::uint64_t descriptors_ = 0;
};

}  // namespace logfia
