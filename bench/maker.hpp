#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace logfia::bench {

/// The helper of the tests (fd_maker), under another program if one is named. Whatever goes wrong
/// ends us, with the reason.
class Maker {
  public:
    /// `before` are the words of the other program, up to the helper's own.
    explicit Maker(const std::vector<std::string>& before = {});
    Maker(const Maker&) = delete;
    Maker& operator=(const Maker&) = delete;
    /// Ends it, and waits for the end of the other program.
    ~Maker();

    /// Of the other program, where there is one.
    [[nodiscard]] pid_t pid() const { return pid_; }

    /// The numbers of the answer.
    std::vector<double> ask(std::string_view order);

  private:
    pid_t pid_ = -1;
    int orders_ = -1;
    int answers_ = -1;
};

}  // namespace logfia::bench
