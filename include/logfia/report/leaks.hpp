#pragma once

#include <logfia/event/event.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace logfia {

/// Descriptors of one process that are alike, and were left open.
struct LeakGroup {
    std::int32_t pid = 0;
    std::string comm;
    FdType type = FdType::unknown;
    std::string name;  ///< shared by all of them; `*` stands for the parts that differ
    std::uint64_t count = 0;
    Now first_seen;                         ///< the first `open`
    std::optional<std::uint64_t> fd_limit;  ///< the process's RLIMIT_NOFILE, as last known
};

/// Descriptors that were opened during the watch and were still open when their process, or the
/// watch, ended; grouped by process, type and name (names that differ in digits alone are alike;
/// sockets are grouped by the peer's address without its port, pipes and anonymous inodes by their
/// type). A group of at least `fewest` is a leak. Standard streams (0, 1 and 2) do not count.
///
/// The number of groups of ended processes is bounded: the oldest that are no leak are forgotten.
class Leaks {
  public:
    static constexpr std::size_t kMaxGroups = 10'000;

    explicit Leaks(std::uint64_t fewest) : fewest_(fewest) {}

    void note(const Event& event);

    /// The groups as of now: the largest first, then by process, type and name.
    [[nodiscard]] std::vector<LeakGroup> groups() const;
    [[nodiscard]] bool is_leak(const LeakGroup& group) const { return group.count >= fewest_; }
    [[nodiscard]] bool leaked() const;
    [[nodiscard]] std::uint64_t fewest() const { return fewest_; }
    /// How many groups were forgotten.
    [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

  private:
    /// Process, type, what is alike.
    using Key = std::tuple<std::uint64_t, FdType, std::string>;
    using Groups = std::map<Key, LeakGroup>;
    /// A descriptor that is open.
    struct Open {
        Key key;
        LeakGroup single;  ///< a group of itself alone
    };

    void note_open(const Event& event, const DescriptorChange& change);
    void note_close(const Event& event, const DescriptorChange& change);
    static Open describe(const Event& event, const DescriptorChange& change);
    static void put(Groups& groups, const Open& open);
    void note_name(const Event& event, const DescriptorChange& change);
    void forget_small_ones();

    std::uint64_t fewest_;
    std::unordered_map<std::uint64_t, Open> open_;  // by Descriptor::id
    Groups left_;                                   // by processes that have ended
    std::uint64_t forgotten_ = 0;
};

}  // namespace logfia
