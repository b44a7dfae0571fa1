#pragma once

#include <logfia/base/clock.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logfia {

struct DeviceNumber {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;

    bool operator==(const DeviceNumber&) const = default;
};

/// The target of an epoll, inotify or fanotify: a descriptor of its own process, or an inode. Of an
/// io_uring: a file that is registered with it, by name alone.
struct WatchTarget {
    std::optional<int> fd;
    std::optional<std::uint64_t> inode;
    std::optional<DeviceNumber> device;
    std::string name{};  ///< any bytes but NUL

    bool operator==(const WatchTarget&) const = default;
};

/// Facts that the kernel tells of an object without a name: an eventfd, a timerfd, a pidfd, ….
struct ObjectInfo {
    struct Number {
        std::string_view key;  ///< in JSON; a literal
        std::int64_t value = 0;

        bool operator==(const Number&) const = default;
    };

    /// The largest number of targets that are listed.
    static constexpr std::size_t kMaxTargets = 1000;

    std::vector<Number> numbers;
    std::optional<Duration> expires;  ///< timerfd: from the look on
    std::optional<Duration> period;   ///< timerfd that expires again and again
    std::vector<WatchTarget> targets;
    bool targets_cut = false;  ///< there are more

    bool operator==(const ObjectInfo&) const = default;
};

}  // namespace logfia
