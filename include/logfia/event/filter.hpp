#pragma once

#include <logfia/event/event.hpp>
#include <logfia/event/glob.hpp>
#include <logfia/event/type_set.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace logfia {

struct FilterOptions {
    bool real_files_only = false;      ///< `-r`
    bool initial = true;               ///< false: `--no-initial`
    bool inherited = false;            ///< `--inherited`
    bool hosts = false;                ///< host names are looked up, and a pattern may match one
    std::optional<TypeSet> types{};    ///< `-t`; absent: all
    std::optional<EventSet> events{};  ///< `-e`; absent: those that are told by default
    EventSet more_events{};            ///< `-e +`: told besides
    EventSet named_events{};           ///< `-e`: those written by their own names, not as `all`
    std::vector<Glob> include{};       ///< `-i`; empty: all
    std::vector<Glob> exclude{};       ///< `-x`; wins over `include`

    [[nodiscard]] bool tells(EventKind kind) const;
};

/// The records that a user wants to see. Types and names are judged for each descriptor: once a
/// record of a descriptor has passed, all later ones pass too, so that each `open` gets its
/// `close`. `lost` always passes: no filter hides what is missing.
///
/// What a process has from its parent passes once it connects, begins to listen or is hung up,
/// which is news of the process itself: then its `close` passes too.
class Filter {
  public:
    explicit Filter(FilterOptions options);

    enum class Verdict : std::uint8_t {
        drop,
        keep,
        ask,  ///< depends on the peer's host name: decide() once it is known
    };
    /// Judges an event when it is noticed, before any host name is asked for.
    Verdict judge(const Event& event);

    /// For an event of a descriptor that judge() said `ask` of, in the order of those calls. `host`
    /// is empty when no name came.
    bool decide(const Event& event, std::string_view host);

    /// False for what is kept and not written as a record: it is only counted (`-e`,
    /// `--no-initial`).
    [[nodiscard]] bool shows(const Event& event) const;

    /// Sockets that were closed before anybody could tell which type of socket they had, and were
    /// dropped although some type of socket is wanted.
    [[nodiscard]] std::uint64_t unidentified() const { return unidentified_; }

  private:
    /// Kept for a descriptor until its `close`.
    struct Memory {
        bool kept = false;
        std::uint32_t asked = 0;  ///< records that wait for decide()
    };
    [[nodiscard]] bool passes_type(FdType type) const;
    [[nodiscard]] Verdict judge_names(const Event& event) const;
    [[nodiscard]] bool passes_with_host(const Event& event, std::string_view host) const;

    FilterOptions options_;
    bool selects_;         ///< types or names are restricted at all
    bool wants_a_socket_;  ///< of a certain type
    std::uint64_t unidentified_ = 0;
    std::unordered_map<std::uint64_t, Memory> memory_;  // by Descriptor::id
};

}  // namespace logfia
