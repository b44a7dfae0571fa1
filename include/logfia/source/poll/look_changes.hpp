#pragma once

#include <logfia/event/event_sink.hpp>
#include <logfia/source/poll/socket_schedule.hpp>
#include <logfia/source/poll/watched_process.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace logfia {

/// What one look has noticed, until it is told: first all of it is gathered, since the records of
/// one look are ordered by what happened and not by whose look came first.
class LookChanges {
  public:
    void lost(const WatchedProcess& watched, std::string reason) {
        losses_.push_back({&watched, {std::move(reason), std::nullopt}});
    }
    void closed(WatchedProcess& watched, std::uint32_t slot) {
        closes_.push_back({&watched, slot});
    }
    void opened(WatchedProcess& watched, std::uint32_t slot) { opens_.push_back({&watched, slot}); }
    void renamed(WatchedProcess& watched, std::uint32_t slot, std::string old_name) {
        renames_.push_back({{&watched, slot}, std::move(old_name)});
    }

    [[nodiscard]] bool any_closed() const { return !closes_.empty(); }
    template <class Visit>
    void for_each_closed(Visit visit) {
        for (const Change& change : closes_) visit(change.process->known[change.slot]);
    }

    /// Tells it all, `progress` of sockets too, in the order of the contract, and forgets it: an
    /// `open` with the time of its own look, all else with `now`. What
    /// was known of a closed descriptor is forgotten as well.
    void publish(Now now, std::vector<SocketSchedule::Progress>& progress, EventSink& sink);

  private:
    struct Change {
        WatchedProcess* process;
        std::uint32_t slot;
    };
    struct Renaming {
        Change change;
        std::string old_name;
    };
    struct Missed {
        const WatchedProcess* process;
        Loss loss;
    };
    void publish_losses(Now now, EventSink& sink);
    void publish_closes(Now now, EventSink& sink);
    void publish_opens(EventSink& sink);
    static void sort(std::vector<Change>& changes);

    std::vector<Missed> losses_;
    std::vector<Change> closes_;
    std::vector<Change> opens_;
    std::vector<Renaming> renames_;
};

}  // namespace logfia
