#pragma once

#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace logfia {

/// The kernel's news of processes (never of threads).
struct ProcessEvent {
    enum class Kind : std::uint8_t { fork, exec, comm, exit };

    Kind kind = Kind::fork;
    pid_t pid = 0;     ///< `fork`: the child's
    pid_t parent = 0;  ///< `fork`
    /// `comm`: the new name (prctl(2), /proc/N/comm), up to its NUL. An exec is reported without a
    /// name.
    std::array<char, 16> comm{};

    [[nodiscard]] std::string_view name() const {
        return {comm.data(),
                static_cast<std::size_t>(std::find(comm.begin(), comm.end(), '\0') - comm.begin())};
    }

    bool operator==(const ProcessEvent&) const = default;
};

/// The kernel's process connector (netlink(7), NETLINK_CONNECTOR; <linux/cn_proc.h>): reports each
/// new process at once, whoever starts it. Since Linux 6.6 any user may listen, before that only
/// root. The connector serves only the initial PID, user and network namespaces.
class ProcessEvents {
  public:
    /// Error when the kernel does not serve us.
    static Result<ProcessEvents> open();

    /// Readable when something has come.
    [[nodiscard]] int fd() const { return socket_.get(); }

    enum class Reading : std::uint8_t {
        complete,    ///< nothing else has come
        more,        ///< the rest is still there
        overflowed,  ///< the kernel has dropped some, since they were not read in time; what it
                     ///< has kept may still be there
    };
    /// How many datagrams one read() takes at most: news may come faster than they are read.
    static constexpr int kMostAtOnce = 64;
    /// Appends what has come. Never waits.
    Reading read(std::vector<ProcessEvent>& out);

    /// With false, new names are not reported from now on.
    void hear_names(bool hear);

  private:
    explicit ProcessEvents(UniqueFd socket) : socket_(std::move(socket)) {}

    UniqueFd socket_;
    bool hears_names_ = true;
};

/// Appends the events of one datagram, which may hold several messages; messages that are cut or of
/// no interest are skipped.
void parse_process_events(std::span<const std::byte> datagram, std::vector<ProcessEvent>& out);

}  // namespace logfia
