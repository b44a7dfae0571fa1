#pragma once

#include <logfia/descriptor/file_identity.hpp>
#include <logfia/descriptor/known_fds.hpp>
#include <logfia/event/event.hpp>
#include <logfia/event/event_sink.hpp>
#include <logfia/event/numbers.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logfia {

/// A process as a ledger knows it. A source keeps one for each process, which stays at its address
/// until all that was noted of it is published.
struct DescriptorOwner {
    Actor actor;                            ///< as the records that are published next name it
    std::optional<std::uint64_t> fd_limit;  ///< RLIMIT_NOFILE, where an `open` is to tell it
    KnownFds known;
    std::size_t sockets = 0;  ///< of the known descriptors that are open
};

/// Keeps what is known of each open descriptor from its `open` to its `close`, and turns changes
/// into Events, for any source. Changes are noted first and then published together, as if they had
/// happened at one time: at most one `close` and one `open` for each number of an owner.
class Ledger {
  public:
    /// `numbers` must outlive the ledger.
    explicit Ledger(Numbers& numbers) : numbers_(numbers) {}

    struct Opening {
        Descriptor descriptor;  ///< with any id: the ledger gives it one
        FileIdentity identity;
        Now at;
        bool initial = false;    ///< open before the watch began, or inherited
        bool inherited = false;  ///< from the process's parent, whose start was noticed
        bool untold = false;     ///< nothing is told of it, unless tell_after_all() is called
    };
    /// Returns the slot in `owner.known`, which is the descriptor's until its `close` is published.
    std::uint32_t opened(DescriptorOwner& owner, Opening&& opening);

    /// A descriptor that was not told of is told from now on, as if it had been opened at `now`.
    void tell_after_all(DescriptorOwner& owner, std::uint32_t slot, Now now);

    enum class Closing : std::uint8_t {
        by_call,
        at_exit,  ///< by the end of its process
    };
    void closed(DescriptorOwner& owner, std::uint32_t slot, Closing closing);

    /// The file has a new name, or a name at last: `descriptor` and `identity` are what is known of
    /// it now. Facts that can no longer be learned are kept.
    void renamed(DescriptorOwner& owner, std::uint32_t slot, Descriptor descriptor,
                 const FileIdentity& identity);

    /// A socket has connected or begun to listen, or its peer has closed its side: `kind` is
    /// `connect`, `listen` or `hangup`, and `owner.known` has the details.
    void progressed(DescriptorOwner& owner, std::uint32_t slot, EventKind kind);

    /// Something of this process may have been missed, for the reason given.
    void lost(const DescriptorOwner& owner, std::string reason);

    /// Descriptors that are open, of all owners.
    [[nodiscard]] std::size_t open() const { return open_; }

    [[nodiscard]] bool has_closes() const { return !closes_.empty(); }
    /// Calls `visit(owner, known)` for each descriptor whose `close` is not published yet.
    template <class Visit>
    void for_each_closed(Visit visit) {
        for (const Close& close : closes_) visit(*close.change.owner, known_of(close.change));
    }

    /// Hands all that was noted to the sink and forgets it, in the order of records: losses,
    /// closes, opens, renames, connects, listens, hangups, each by process and then by descriptor.
    /// An `open` has its own time, all else happened at `now`. What was known of a closed
    /// descriptor is forgotten as well, and its slot is free.
    void publish(Now now, EventSink& sink);
    /// The two parts of publish(), to be called in this order: losses and closes, then all else.
    void publish_ends(Now now, EventSink& sink);
    void publish_rest(Now now, EventSink& sink);

  private:
    struct Change {
        DescriptorOwner* owner;
        std::uint32_t slot;
    };
    struct Close {
        Change change;
        Closing closing;
    };
    struct Renaming {
        Change change;
        std::string old_name;
    };
    struct Progress {
        Change change;
        EventKind kind;
    };
    struct Missed {
        const DescriptorOwner* owner;
        Loss loss;
    };
    static KnownFd& known_of(const Change& change) { return change.owner->known[change.slot]; }
    static bool comes_before(const Change& a, const Change& b);
    void publish_losses(Now now, EventSink& sink);
    void publish_closes(Now now, EventSink& sink);
    void publish_opens(EventSink& sink);
    void publish_renames(Now now, EventSink& sink);
    void publish_progress(Now now, EventSink& sink);

    Numbers& numbers_;
    std::size_t open_ = 0;
    std::vector<Missed> losses_;
    std::vector<Close> closes_;
    std::vector<Change> opens_;
    std::vector<Renaming> renames_;
    std::vector<Progress> progress_;
};

}  // namespace logfia
