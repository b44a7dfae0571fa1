#pragma once

#include <string_view>

namespace logfia {

/// Takes what a user should know and no record says.
class NoticeSink {
  public:
    virtual ~NoticeSink() = default;

    /// A single line, for standard error.
    virtual void notice(std::string_view line) = 0;
};

}  // namespace logfia
