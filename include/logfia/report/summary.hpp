#pragma once

#include <logfia/event/alike.hpp>
#include <logfia/event/event.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace logfia {

/// Counts of one name.
struct SummaryRow {
    /// Files by their path; sockets `tcp 192.0.2.80:443` by their peer, or `tcp 0.0.0.0:80 LISTEN`;
    /// pipes and anonymous inodes by their kind. With `*` when several names are one row.
    std::string name;
    std::string host;  ///< of the peer, with its last dot; empty: none is known
    FdType type = FdType::unknown;
    std::uint64_t names = 1;    ///< how many are in the row
    std::uint64_t opens = 0;    ///< during the watch
    std::uint64_t initial = 0;  ///< were open before
    std::uint64_t closes = 0;
    std::uint64_t open = 0;       ///< at the end
    std::uint64_t most_open = 0;  ///< at one moment
    Duration held_total{};        ///< of those opened during the watch; open ones up to the end
    Duration held_longest{};
};

/// Counts events by name, as they pass.
///
/// Names that are alike (alike.hpp) share a row once there are three of them. A descriptor stays
/// with the name of its `open`; only a socket that gets a peer moves to the peer's row. There are
/// at most kMaxRows rows: names that come later are counted in one more row, `(others)`, of no type
/// and no host. What is remembered of a descriptor goes with its `close`.
class Summary {
  public:
    static constexpr std::size_t kMaxRows = 10'000;

    /// `host`: the peer's name with its last dot; empty: none is known.
    void note(const Event& event, std::string_view host);

    /// The rows as of `end`: most opens first, then most closes, then by name.
    [[nodiscard]] std::vector<SummaryRow> rows(SteadyTime end) const;

  private:
    using Index = std::size_t;
    struct Live {
        Index row = 0;
        SteadyTime since;
        bool initial = false;
    };
    /// Names that look alike: rows of their own while they are few, then one.
    struct Alike {
        std::vector<Index> own;
        std::set<std::string, std::less<>> names;
        bool merged = false;
        Index row = 0;
    };

    Index row_of(const Descriptor& descriptor, std::string_view host);
    Index row_named(const std::string& name, FdType type);
    Index others();
    void tell_host(Index row, std::string_view host);
    Index row_among(const std::string& pattern, const std::string& name, FdType type);
    Index add_row(std::string name, FdType type);
    void merge(const std::string& pattern, Alike& alike);
    [[nodiscard]] Index resolve(Index row) const;
    void note_open(const DescriptorChange& change, SteadyTime now, std::string_view host);
    void note_close(const DescriptorChange& change, std::string_view host);
    void move(const Descriptor& descriptor, std::string_view host);

    ServerPorts servers_;
    std::vector<SummaryRow> rows_;
    std::vector<Index> moved_to_;  // of a row that was merged: where; else its own index
    std::map<std::string, Index, std::less<>> by_name_;
    std::optional<Index> others_;  // in no map: a name may read like it
    std::map<std::string, Alike, std::less<>> alike_;
    std::unordered_map<std::uint64_t, Live> live_;  // by Descriptor::id
};

}  // namespace logfia
