#pragma once

#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/process/process_events.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace logfia {

/// The kernel's process connector (netlink(7), NETLINK_CONNECTOR; <linux/cn_proc.h>): each new
/// process at once, whoever starts it. Since Linux 6.6 any user may listen, before that root. It
/// serves the initial PID, user and network namespaces alone.
class ProcessConnector final : public ProcessEvents {
  public:
    /// Error when the kernel does not serve us.
    static Result<ProcessConnector> open();

    [[nodiscard]] int fd() const override { return socket_.get(); }
    /// How many datagrams one read() takes at most: news may come faster than they are read.
    static constexpr int kMostAtOnce = 64;
    Reading read(std::vector<ProcessEvent>& out) override;
    void hear_names(bool hear) override;

  private:
    explicit ProcessConnector(UniqueFd socket) : socket_(std::move(socket)) {}

    UniqueFd socket_;
    bool hears_names_ = true;
};

/// Appends what one datagram tells, which may hold several messages; what is cut or of no interest
/// is passed over.
void parse_process_events(std::span<const std::byte> datagram, std::vector<ProcessEvent>& out);

}  // namespace logfia
