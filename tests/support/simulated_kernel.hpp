#pragma once

#include <logfia/base/clock.hpp>
#include <logfia/source/seccomp/call.hpp>
#include <logfia/source/seccomp/filter.hpp>
#include <logfia/source/seccomp/kernel_view.hpp>

#include <sys/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia::test {

/// A file under its name, which may change.
struct SimulatedFile {
    std::string link;
    std::vector<std::string> former{};

    void rename(std::string name) { former.push_back(std::exchange(link, std::move(name))); }
};

/// The truth about one descriptor: a file at a number of one table, from its open to its close.
struct Life {
    enum class Origin : std::uint8_t { given, made, received, copied };
    enum class Ending : std::uint8_t { none, call, exec, exit, kill };

    std::size_t number = 0;  // of the life
    std::size_t table = 0;
    int fd = -1;
    Origin origin = Origin::made;
    std::shared_ptr<SimulatedFile> file{};
    std::string link{};     // of the file, when it was opened
    std::size_t names = 0;  // that the file had had before
    CallEntry entry{};      // of the call that has made it
    pid_t maker = 0;        // a thread
    pid_t process = 0;      // the maker's
    SteadyTime entered{};   // the maker's call
    SteadyTime opened{};
    bool settled = false;  // the maker has called again, or somebody has closed it, while it lived
    bool raced = false;    // others have had the table too
    /// A file of the same name was at the number before, and whoever has closed it has not called
    /// again: it cannot be told from the one before. (Once a file was renamed: any file.)
    bool ambiguous = false;
    /// Received after a call that has failed and would have got that number: nobody can tell.
    bool after_failure = false;
    const Life* copy_of = nullptr;       // in the table that was copied
    std::optional<SteadyTime> doomed{};  // a call that closes it was let go on; its entry
    Ending ending = Ending::none;
    SteadyTime close_entered{};  // of a kill: as `closed`
    SteadyTime closed{};

    /// The file has had that name since it was opened.
    [[nodiscard]] bool has_had(std::string_view name) const {
        const auto& former = file->former;
        return name == file->link || std::find(former.begin() + static_cast<std::ptrdiff_t>(names),
                                               former.end(), name) != former.end();
    }
};

/// An intention of a thread: the call as the model sees it, and what only the kernel knows.
struct Action {
    CallEntry entry{};
    std::string path{};      // opened, unlinked or renamed
    std::string new_path{};  // of a rename
    bool fails = false;
    bool close_on_exec = false;
    int count = 1;  // of a recvmsg(2): how many descriptors come
};

/// Processes, threads and descriptor tables as the kernel keeps them. A call executes in steps,
/// between which others go on: numbers are reserved first, and filled last.
class SimulatedKernel final : public KernelView {
  public:
    struct Slot {
        Life* life;
        bool close_on_exec;
    };
    struct Closing {
        pid_t by;
        std::shared_ptr<SimulatedFile> file;
    };
    struct Table {
        std::size_t number = 0;
        std::map<int, Slot> open{};
        std::set<int> reserved{};
        std::map<int, Closing> closing{};  // closes whose callers have not called again
        bool was_shared = false;
    };
    enum class Stage : std::uint8_t { idle, standing, granted };
    struct Thread {
        pid_t id = 0;
        pid_t process = 0;
        std::shared_ptr<Table> table{};
        Stage stage = Stage::idle;
        Action action{};
        SteadyTime entered{};
        std::size_t lives_before = 0;
        std::vector<int> reserved{};  // by the call that it is in
        bool has_failed = false;      // the last call, which would have made some
        bool in_exec = false;         // with a new image, and old descriptors
    };
    struct Process {
        pid_t pid = 0;
        pid_t parent = 0;
        std::optional<ProgramImage> image{};
        bool is_fresh = false;               // none of its threads has called since its exec
        std::optional<SteadyTime> ending{};  // the entry of an exit_group(2) that was let go on
    };

    explicit SimulatedKernel(DescriptorCount count) : count_(count) {}

    // Events without a call that the model sees.

    /// The command, of one thread, with these descriptors: about to exec.
    pid_t start(const std::vector<std::string>& links);
    pid_t fork(pid_t thread, bool share_table = false);
    pid_t add_thread(pid_t thread);
    /// A message brings a descriptor (unix(7)).
    int receive(pid_t thread, bool close_on_exec = false);
    void kill(pid_t process);

    // A call: it stands, is let go on, and executes.

    void stand(pid_t thread, const Action& action);
    void let_go_on(pid_t thread);
    /// A signal has ended the wait for us: the call has not happened.
    void give_up(pid_t thread);
    /// Executes one step of a call that was let go on. False: it has returned.
    bool step(pid_t thread);

    // The truth.

    [[nodiscard]] const std::map<pid_t, Thread>& threads() const { return threads_; }
    [[nodiscard]] Thread* find(pid_t thread);
    [[nodiscard]] const Process& process_of(pid_t thread) const;
    [[nodiscard]] std::shared_ptr<Table> table_of(pid_t thread);
    [[nodiscard]] const std::deque<Life>& lives() const { return lives_; }
    /// Processes that have ended since the last call.
    std::vector<pid_t> take_ended();
    [[nodiscard]] std::size_t users_of(const Table& table) const;
    /// The first thread of a process that is not reaped yet: its table is empty.
    [[nodiscard]] bool is_zombie(pid_t thread) const;

    /// Called before each answer: others go on meanwhile.
    std::function<void()> between{};
    SteadyTime now{};
    /// No link may be read, of numbers that are open or not, as in a process that has made itself
    /// undumpable (PR_SET_DUMPABLE, prctl(2)).
    bool hides_links = false;
    int failing_questions = 0;  // so many about a task, a table or a program have no answer

    std::optional<TaskFacts> task(pid_t thread) override;
    bool share_table(pid_t a, pid_t b) override;
    std::vector<pid_t> threads_of(pid_t process) override;
    std::unique_ptr<TableView> open_table(pid_t thread) override;
    std::optional<ProgramImage> image_of(pid_t process) override;
    bool may_be_in_call(pid_t thread, int number) override;
    bool caller_stands() override;

  private:
    friend class SimulatedView;

    bool has_no_answer();

    Life& install(Table& table, int fd, std::shared_ptr<SimulatedFile> file, bool close_on_exec);
    void install_made(Thread& thread, int fd, std::shared_ptr<SimulatedFile> file);
    void remove(Table& table, int fd, Life::Ending ending, SteadyTime entered);
    std::shared_ptr<Table> copy(const Table& table);
    void own_table(Thread& thread);
    void leave(Thread& thread, Life::Ending ending, SteadyTime entered);
    void end_thread(pid_t id, Life::Ending ending, SteadyTime entered);
    void end_process(pid_t pid, Life::Ending ending, SteadyTime entered);
    std::shared_ptr<SimulatedFile> file_for(const Thread& thread);
    std::shared_ptr<SimulatedFile> new_file(Call call);
    void mark_settled(const Thread& thread);
    /// Calls `visit(life)` for what the thread's call is to close.
    void for_each_closed(const Thread& thread, const std::function<void(Life&)>& visit);
    int lowest_free(const Table& table, int from) const;
    bool step_maker(Thread& thread, int numbers);
    void execute(Thread& thread);
    void execute_dup(Thread& thread);
    void execute_range(Thread& thread);
    void execute_rename(const Action& action);
    bool step_exec(Thread& thread);
    void begin_exec(Thread& thread);

    DescriptorCount count_;
    std::map<pid_t, Thread> threads_;
    std::map<pid_t, Process> processes_;
    std::set<pid_t> seen_;  // every process there ever was: nobody reaps them
    std::map<std::string, std::shared_ptr<SimulatedFile>> files_;
    std::deque<Life> lives_;
    std::vector<pid_t> ended_;
    pid_t last_id_ = 99;
    pid_t caller_ = 0;
    std::size_t tables_ = 0;
    std::uint64_t made_ = 0;
    bool has_renamed_ = false;
};

}  // namespace logfia::test
