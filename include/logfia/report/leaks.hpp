#pragma once

#include <logfia/event/alike.hpp>
#include <logfia/event/event.hpp>
#include <logfia/report/open_times.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace logfia {

/// Why a group is a leak.
enum class LeakRule : std::uint8_t {
    none,             ///< left open only
    open_at_the_end,  ///< the command ended by itself, and left them open
    growth,           ///< the number grew for as long as the process was watched
};

/// The end of the command, if there is one.
enum class CommandEnd : std::uint8_t {
    by_itself,
    otherwise,  ///< by a signal, not yet, or there is none
};

/// Descriptors of one process that are alike, and were left open.
struct LeakGroup {
    std::int32_t pid = 0;
    std::string comm;
    FdType type = FdType::unknown;
    std::string name;  ///< shared by all of them; `*` stands for the parts that differ
    std::uint64_t count = 0;
    Now first_seen;                         ///< the first `open` of those
    std::optional<std::uint64_t> fd_limit;  ///< the process's RLIMIT_NOFILE, as last known
    std::uint64_t in_close_wait = 0;        ///< TCP: the peer has closed its side
    Duration watched{};                     ///< the process was: from the first event of it
    LeakRule rule = LeakRule::none;
    /// A rule could apply: the command ended by itself, or the process was watched for long enough.
    bool judged = false;
};

struct LeakReport {
    /// Leaks first, then what was judged, large ones first, by process, type and name.
    std::vector<LeakGroup> groups;
    std::uint64_t fewest = 0;     ///< of descriptors alike that are a leak
    std::uint64_t forgotten = 0;  ///< groups that are no leak and are not listed
    [[nodiscard]] bool leaked() const {
        return !groups.empty() && groups.front().rule != LeakRule::none;
    }
};

/// Descriptors that were opened during the watch and were still open when their process, or the
/// watch, ended; grouped by process, type and name (alike.hpp; from ten different names on, the
/// files of a directory and the peers of a port are alike too). Neither what was inherited nor
/// standard streams (0, 1 and 2) count.
///
/// A group of at least `fewest` is a leak when it is the command's own, and the command ended by
/// itself; or when its process was watched for at least kLongEnough, opened some in each third of
/// that time, and in the later two some that are left, and closed fewer than half. Programs rightly
/// keep some kinds until they end, for which the growth alone counts: connections, unless the peer
/// has closed its side; epolls and the like; pipes that a process has with itself.
///
/// What is remembered is bounded by the number of open descriptors and by kMaxGroups: of processes
/// that have ended, the oldest groups that are no leak are forgotten; of those that run, groups of
/// which nothing is open.
class Leaks {
  public:
    static constexpr std::size_t kMaxGroups = 10'000;
    static constexpr Duration kLongEnough = std::chrono::seconds(10);

    /// `command`: our own number for the command's process (Actor::number); 0: there is none.
    explicit Leaks(std::uint64_t fewest, std::uint64_t command = 0)
        : fewest_(fewest), command_(command) {}

    void note(const Event& event);

    /// Groups of processes that run; a directory or a port counts once.
    [[nodiscard]] std::size_t remembered() const { return families_; }

    [[nodiscard]] LeakReport report(SteadyTime end, CommandEnd command) const;

  private:
    /// Counts of descriptors that are alike, whether closed or not.
    struct Group {
        std::uint64_t opens = 0;
        std::uint64_t closes = 0;  ///< but for those at the end of the process
        OpenTimes times;

        void merge(Group&& other);
    };
    struct Family {
        WideningGroups<Group> groups;
        std::uint64_t open = 0;
    };
    using FamilyKey = std::pair<FdType, std::string>;
    struct Process;
    /// A descriptor that is open, or was when its process ended.
    struct Open {
        Process* process = nullptr;
        std::map<FamilyKey, Family>::iterator family{};
        std::size_t slot = 0;
        bool counts = false;  ///< `family` and `slot` are good
        bool has_peer = false;
        bool in_close_wait = false;
        bool at_exit = false;  ///< the process has ended with it open
        Access access = Access::unknown;
        std::uint64_t pipe = 0;  ///< the number of a pipe; 0: something else
        std::string name;        ///< as a user knows the descriptor
        Now opened;
    };
    struct Process {
        std::int32_t pid = 0;
        std::string comm;
        SteadyTime since;  ///< the first event of it
        std::optional<std::uint64_t> fd_limit;
        std::size_t open = 0;  ///< with those that do not count
        std::map<FamilyKey, Family> families;
        std::vector<Open> left;  ///< until all that were open at its end are told
    };
    /// A group, but for the end of the command.
    struct Judged {
        LeakGroup group;
        bool of_command = false;
        OpenTimes left;              ///< of those that were left open
        std::uint64_t needless = 0;  ///< no program rightly keeps these until its end

        void add(const Open& open, bool is_needed);
    };

    void note_open(const Event& event, const DescriptorChange& change);
    void note_close(const Event& event, const DescriptorChange& change);
    void note_change(const Event& event, const DescriptorChange& change);
    void note_exit(const Event& event);
    Process& process_of(const Actor& actor, SteadyTime now);
    void find_family(Open& open, const Descriptor& descriptor);
    static void describe(Open& open, const Descriptor& descriptor);
    void forget_idle_families();
    void forget_idle_processes();
    void end(std::uint64_t number, SteadyTime now);
    void forget_small_ones();
    [[nodiscard]] bool may_be_leak(const Judged& judged) const;
    [[nodiscard]] LeakRule rule_of(const Judged& judged, CommandEnd command) const;
    [[nodiscard]] std::vector<Judged> judge(std::uint64_t number, const Process& process,
                                            const std::vector<const Open*>& left,
                                            SteadyTime end) const;

    std::uint64_t fewest_;
    std::uint64_t command_;
    ServerPorts servers_;
    std::unordered_map<std::uint64_t, Process> processes_;  // by Actor::number
    std::unordered_map<std::uint64_t, Open> open_;          // by Descriptor::id
    std::size_t families_ = 0;
    std::size_t most_processes_ =
        kMaxGroups;                           // before those of which nothing is open are forgotten
    std::size_t most_families_ = kMaxGroups;  // before those of which nothing is open are forgotten
    std::deque<Judged> ended_;                // in the order in which their processes ended
    std::uint64_t forgotten_ = 0;
};

}  // namespace logfia
