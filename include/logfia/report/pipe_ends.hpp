#pragma once

#include <logfia/descriptor/link_text.hpp>
#include <logfia/event/descriptor.hpp>

#include <cstdint>
#include <unordered_map>

namespace logfia {

/// The ends of pipes that one process has open.
class PipeEnds {
  public:
    /// The number in the kernel's link, `pipe:[123]` (proc_pid_fd(5)); 0 for anything else.
    static std::uint64_t number_of(const Descriptor& descriptor) {
        const bool is_pipe = descriptor.type == FdType::pipe;
        return is_pipe ? bracketed_number(descriptor.name).value_or(0) : 0;
    }

    /// Of two descriptors whose access is not known, each is taken for another end.
    void add(std::uint64_t pipe, Access access) {
        if (pipe == 0) return;
        int& ends = ends_[pipe];
        if (access == Access::read)
            ends |= kRead;
        else if (access == Access::write)
            ends |= kWrite;
        else
            ends = ends == 0 && access == Access::unknown ? kRead : kRead | kWrite;
    }
    [[nodiscard]] bool has_both(std::uint64_t pipe) const {
        const auto at = ends_.find(pipe);
        return at != ends_.end() && at->second == (kRead | kWrite);
    }

  private:
    static constexpr int kRead = 1;
    static constexpr int kWrite = 2;
    std::unordered_map<std::uint64_t, int> ends_;
};

}  // namespace logfia
