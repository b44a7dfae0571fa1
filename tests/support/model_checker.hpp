#pragma once

#include "support/simulated_kernel.hpp"
#include <logfia/source/seccomp/model.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace logfia::test {

/// A descriptor as the model has told it.
struct ToldLife {
    std::uint64_t id = 0;
    std::uint64_t table = 0;  // the model's number
    int fd = -1;
    std::string link{};
    ModelObserver::Origin origin{};
    Call call = Call::none;
    std::uint64_t copy_of = 0;
    std::uint64_t made_with = 0;
    SteadyTime opened{};
    std::optional<SteadyTime> closed{};
    bool at_exit = false;
    const Life* first = nullptr;  // the truth when it was told
    const Life* life = nullptr;   // the same, after copies of the table
};

/// Compares what a model tells with the truth. What is wrong is kept in words.
class ModelChecker final : public ModelObserver {
  public:
    explicit ModelChecker(SimulatedKernel& kernel) : kernel_(kernel) {}

    /// Nothing is going on: what is told open is what is open, in each table that is known.
    void check_complete();
    /// To be called when all processes have ended.
    void check_all();

    [[nodiscard]] const std::deque<ToldLife>& told() const { return told_; }
    [[nodiscard]] const std::vector<std::string>& wrong() const { return wrong_; }

    /// Sockets are still on their way to their peer.
    bool connecting = false;
    std::vector<std::string> lines{};  // everything that was told

    void process_seen(const TracedProcess& process) override;
    void process_began(const TracedProcess& process, Now at) override;
    void process_executed(const TracedProcess& process, Now at) override;
    void process_ended(const TracedProcess& process, Now at, std::optional<int> status) override;
    void table_named(const TracedTable& table) override;
    void table_ended(const TracedTable& table) override;
    void opened(const TracedTable& table, NumberEntry& entry, const Opening& opening) override;
    void inherited(const TracedTable& table, int fd, NumberEntry& entry, Now at) override;
    void closing(const TracedTable& table, int fd, NumberEntry& entry) override;
    void closed(const TracedTable& table, int fd, const NumberEntry& entry, Now at,
                bool at_exit) override;
    bool socket_changed(const TracedTable& table, int fd, NumberEntry& entry, Now at) override;
    void renamed(const TracedTable& table, int fd, const NumberEntry& entry, std::string_view link,
                 Now at) override;
    void lost(const TracedProcess* process, Now at, std::string reason) override;

  private:
    using Table = SimulatedKernel::Table;

    void note(const std::string& what, const ToldLife& told);
    void note(const std::string& what, const Life& life);
    void require(bool holds, const char* what, const ToldLife& told);
    std::shared_ptr<Table> truth_of(const TracedTable& table);
    void follow_copy(std::uint64_t table, std::size_t copy);
    const Life* copy_in(const Life& life, std::size_t table) const;
    void check_open(const ToldLife& told, bool raced);
    void check_close(const ToldLife& told);
    void check_counts();

    SimulatedKernel& kernel_;
    std::deque<ToldLife> told_;                              // by id - 1
    std::map<std::uint64_t, std::shared_ptr<Table>> truth_;  // by the model's number
    std::map<std::pair<std::uint64_t, int>, SteadyTime> closed_last_;
    std::set<pid_t> lost_;  // processes of which something may have been missed
    std::map<std::pair<std::uint64_t, int>, std::uint64_t> open_;  // ids
    std::map<std::uint64_t, int> ended_;                           // processes
    std::map<std::uint64_t, const TracedTable*> tables_;           // the ones that have not ended
    std::vector<std::string> wrong_;
};

}  // namespace logfia::test
