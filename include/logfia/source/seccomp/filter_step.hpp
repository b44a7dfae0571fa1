#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/process/command.hpp>
#include <logfia/source/seccomp/filter.hpp>

#include <linux/filter.h>

#include <array>
#include <utility>
#include <vector>

namespace logfia {

/// Installs the filter in the child, hands its listener over, and waits until somebody serves it.
/// The filter stays with the command and with every process that comes from it (seccomp(2)).
///
/// A user without CAP_SYS_ADMIN can install a filter only with no_new_privs (prctl(2)): no program
/// that the command runs can gain rights then.
class FilterStep final : public ChildStep {
  public:
    /// `socket` is where the listener is sent, and where one byte is awaited. `ours` are the ends
    /// of sockets by which the child and the guard see that we are gone: the child closes its
    /// copies.
    FilterStep(DescriptorCount count, UniqueFd socket, std::array<int, 2> ours)
        : program_(make_filter(count)), socket_(std::move(socket)), ours_(ours) {}

    int prepare() override;
    /// Closes our copy of the socket, so that the other end sees it when the child is gone.
    void let_go() { socket_.reset(); }

  private:
    std::vector<sock_filter> program_;
    UniqueFd socket_;
    std::array<int, 2> ours_;
};

}  // namespace logfia
