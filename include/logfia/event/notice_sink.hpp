#pragma once

#include <string_view>

namespace logfia {

/// Receives lines for a person about things that no record tells.
class NoticeSink {
  public:
    virtual ~NoticeSink() = default;

    /// A single line, for standard error.
    virtual void notice(std::string_view line) = 0;
};

}  // namespace logfia
