#pragma once

#include <logfia/descriptor/ledger.hpp>
#include <logfia/event/numbers.hpp>
#include <logfia/event/source.hpp>
#include <logfia/event/type_set.hpp>
#include <logfia/process/user.hpp>
#include <logfia/source/seccomp/change_order.hpp>
#include <logfia/source/seccomp/change_queue.hpp>
#include <logfia/source/seccomp/peer_names.hpp>
#include <logfia/source/seccomp/supervisor.hpp>

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace logfia {

/// Makes Events of the changes that a Supervisor hands over, in the order of their times.
///
/// Ends when the command has ended, or with children when nobody is left.
class SeccompSource final : public Source {
  public:
    struct Options {
        pid_t command = 0;
        EventSet process_events{};             ///< of `start`, `exec` and `exit`: those wanted
        std::vector<std::string> not_names{};  ///< programs of which nothing is told
        /// The wait status of the command (waitpid(2)), once it is reaped; may be empty.
        std::function<std::optional<int>()> command_status{};
        /// The command is reaped, or cannot be; may be empty.
        std::function<bool()> command_is_over{};
    };
    /// The references must outlive the source; `supervisor` has been started, or will be.
    SeccompSource(ChangeQueue& queue, Supervisor& supervisor, Numbers& numbers, Options options);
    ~SeccompSource() override;
    SeccompSource(const SeccompSource&) = delete;
    SeccompSource& operator=(const SeccompSource&) = delete;

    /// Our own number for the command's process.
    [[nodiscard]] std::uint64_t command_number() const { return command_number_; }

    [[nodiscard]] int ready_fd() const override { return queue_.ready_fd(); }
    [[nodiscard]] std::optional<SteadyTime> next() const override { return next_; }
    State run(Now now, EventSink& sink) override;
    void pause(Now now) override;
    void resume(Now now, EventSink& sink) override;
    void stop(Now now, EventSink& sink) override;
    [[nodiscard]] SourceTotals totals() const override;

  private:
    struct Traced {
        Actor actor;
        std::optional<std::uint64_t> fd_limit;
        bool excluded = false;  // the program is one of `not_names`
        bool started = false;   // `start` was told
        bool is_command = false;
    };
    struct Place {
        DescriptorOwner* owner;
        std::uint32_t slot;
    };
    struct Owner {
        DescriptorOwner descriptors;
        std::uint64_t process = 0;
        pid_t thread = 0;  // the one that has the table for itself
    };

    State end(Now now, EventSink& sink);
    void collect();
    void await_finish();
    bool release(SteadyTime until, EventSink& sink);
    void prepare(const Change& change);
    void apply(Change&& change, EventSink& sink);
    void use(const ProcessBegan& began, Now at, EventSink& sink);
    void use(ProcessExecuted& executed, Now at, EventSink& sink);
    void use(ProcessRenamed& renamed, Now at, EventSink& sink);
    void use(const ProcessEnded& ended, Now at, EventSink& sink);
    void use(const TableNamed& named, Now at, EventSink& sink);
    void use(const TableEnded& ended, Now at, EventSink& sink);
    void use(DescriptorOpened& opened, Now at, EventSink& sink);
    void use(const UnixSocketInherited& inherited, Now at, EventSink& sink);
    void use(const DescriptorClosed& closed, Now at, EventSink& sink);
    void use(DescriptorRenamed& renamed, Now at, EventSink& sink);
    void use(DetailsLearned& learned, Now at, EventSink& sink);
    void use(ChangesLost& lost, Now at, EventSink& sink);
    static void use(const NoticeGiven& notice, Now at, EventSink& sink);
    void learn_peer(std::uint64_t id, std::uint64_t peer_inode);
    void judge(Traced& traced, Now at, EventSink& sink);
    void reveal(std::uint64_t process, Now at, EventSink& sink);
    void tell(EventKind kind, const Traced& traced, Now at, ProcessChange change,
              EventSink& sink) const;
    void give_table(const TableNamed& named);
    static void name(Owner& owner, const Traced& traced);
    void name_tables(std::uint64_t process);

    ChangeQueue& queue_;
    Supervisor& supervisor_;
    Options options_;
    Numbers& numbers_;
    Ledger ledger_;
    UserNames users_;
    std::uint64_t command_number_;
    std::unordered_map<std::uint64_t, Traced> processes_;  // by the model's number
    std::unordered_map<std::uint64_t, Owner> owners_;      // by the table's number
    std::unordered_map<std::uint64_t, Place> places_;      // by the descriptor's id
    PeerNames peers_;
    ChangeOrder order_;
    SteadyTime settled_until_{};
    std::optional<SteadyTime> next_{};
    std::uint64_t processes_seen_ = 0;
    bool command_seen_ = false;
    bool found_some_ = false;  // since the reader was quiet last
    bool finished_ = false;    // nothing more will come from the supervisor
    bool paused_ = false;
};

}  // namespace logfia
