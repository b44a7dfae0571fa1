// Random sequences of what threads do.

#include "support/model_run.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>

#include <algorithm>
#include <string>
#include <vector>

namespace logfia::test {
namespace {

using Stage = SimulatedKernel::Stage;

constexpr std::size_t kMostThreads = 12;

class RandomRun {
  public:
    RandomRun(const std::uint8_t* data, std::size_t size)
        : data_(data), size_(size), run_(options()) {
        run_.kernel.between = [this] { interrupt(); };
    }

    std::vector<std::string> run() {
        while (at_ < size_ && run_.checker.wrong().empty()) step();
        run_.kernel.between = nullptr;
        if (run_.checker.wrong().empty()) run_.settle();
        if (run_.checker.wrong().empty()) run_.end();
        if (run_.checker.wrong().empty()) return {};
        std::vector<std::string> report = run_.checker.wrong();
        report.insert(report.end(), run_.checker.lines.begin(), run_.checker.lines.end());
        return report;
    }

  private:
    unsigned below(unsigned limit) {
        const unsigned byte = at_ < size_ ? data_[at_++] : 0;
        return byte % limit;
    }

    ModelRun::Options options() {
        ModelRun::Options options;
        if (below(4) == 0) options.count = DescriptorCount::untold;
        return options;
    }

    void note(pid_t thread, const std::string& what) {
        run_.checker.lines.push_back(std::to_string(thread) + ": " + what);
    }

    /// 0: no thread is there.
    pid_t choose(Stage stage) {
        std::vector<pid_t> threads;
        for (const auto& [id, thread] : run_.kernel.threads())
            if (thread.stage == stage) threads.push_back(id);
        return threads.empty() ? 0 : threads[below(static_cast<unsigned>(threads.size()))];
    }

    void interrupt() {
        if (below(8) < 6) return;
        if (const pid_t thread = choose(Stage::granted)) {
            note(thread, "  steps meanwhile");
            run_.kernel.step(thread);
        }
    }

    void step() {
        const unsigned kind = below(16);
        if (kind < 7) return call();
        if (kind < 12) {
            if (const pid_t thread = choose(Stage::granted)) {
                note(thread, "steps");
                run_.kernel.step(thread);
            }
            return;
        }
        if (kind == 12) {
            note(0, "time passes");
            run_.pass(std::chrono::microseconds(below(16) == 0 ? 100'000 : 50 * below(64)));
            return;
        }
        if (kind == 13) return run_.tell_ends();
        other();
    }

    void call() {
        run_.tell_ends();  // ends come first
        const pid_t thread = choose(Stage::idle);
        if (thread == 0) return;
        const Action action = choose_call();
        if (is_hopeless(thread, action.entry)) return;
        std::string text = "call " + std::to_string(static_cast<int>(action.entry.call)) + " (";
        for (int i = 0; i < 3; ++i)
            text += std::to_string(action.entry.number(static_cast<std::size_t>(i))) + " ";
        note(thread, text + ") " + action.path + " " + action.new_path +
                         (action.fails ? " fails" : "") + (action.close_on_exec ? " cloexec" : ""));
        run_.stand(thread, action);
        const auto* standing = run_.kernel.find(thread);
        if (standing == nullptr || standing->stage != Stage::standing) return;
        if (below(32) == 0) {
            note(thread, "gives up");
            run_.kernel.give_up(thread);
        } else {
            run_.let_go_on(thread);
        }
    }

    void other() {
        const pid_t thread = choose(Stage::idle);
        if (thread == 0) return;
        const bool has_room = run_.kernel.threads().size() < kMostThreads;
        const unsigned kind = below(16);
        if (kind < 4 && has_room) {
            note(thread, "begins a thread");
            run_.kernel.add_thread(thread);
        } else if (kind < 8 && has_room) {
            const bool share = below(4) == 0 && !is_in(thread, Call::exit_group);
            note(thread, share ? "forks and shares" : "forks");
            // A process that shares its parent's table, and has never called, is not known to
            // the model: when the other one ends, the table ends for it.
            if (share) run_.call(thread, call_of(Call::close, {-1}));
            if (run_.kernel.find(thread) == nullptr) return;
            const pid_t child = run_.kernel.fork(thread, share);
            if (share) run_.call(child, call_of(Call::close, {-1}));
        } else if (kind < 12 && !is_untold() && !run_.kernel.process_of(thread).is_fresh) {
            note(thread, "receives");
            run_.kernel.receive(thread, below(2) == 0);
        } else if (kind == 12) {
            note(thread, "is killed");
            run_.kernel.kill(run_.kernel.find(thread)->process);
        }
    }

    /// A thread of the process is in that call.
    bool is_in(pid_t thread, Call call) {
        const pid_t process = run_.kernel.find(thread)->process;
        for (const auto& [id, one] : run_.kernel.threads())
            if (one.process == process && one.stage == Stage::granted &&
                one.action.entry.call == call)
                return true;
        return false;
    }
    /// Another thread, of any process, may be getting a table of its own: that was its last call,
    /// and it has not called again.
    bool is_split_by_another(pid_t thread) {
        const auto& threads = run_.kernel.threads();
        return std::any_of(threads.begin(), threads.end(), [&](const auto& one) {
            return one.first != thread && splits(one.second.action.entry);
        });
    }
    /// Another thread, of any process, is in an exec, or has not called since.
    bool is_executed_by_another(pid_t thread) {
        const auto& threads = run_.kernel.threads();
        return std::any_of(threads.begin(), threads.end(), [&](const auto& one) {
            return one.first != thread && one.second.action.entry.call == Call::execve;
        });
    }
    /// Two threads of the process, each with its own table, are in an exec: one table stays.
    bool is_executed_elsewhere(pid_t thread) {
        const auto* caller = run_.kernel.find(thread);
        for (const auto& [id, one] : run_.kernel.threads())
            if (one.process == caller->process && one.table != caller->table &&
                one.stage == Stage::granted && one.action.entry.call == Call::execve)
                return true;
        return false;
    }
    static bool splits(const CallEntry& entry) {
        return entry.call == Call::unshare ||
               (entry.call == Call::close_range &&
                (static_cast<unsigned>(entry.number(2)) & CLOSE_RANGE_UNSHARE) != 0);
    }
    /// Programs that race with themselves: nobody can tell from notifications what they do. Several
    /// threads close a number, or take what another one is about to open, or part from one table
    /// at once.
    bool is_hopeless(pid_t thread, const CallEntry& entry) {
        if ((splits(entry) || entry.call == Call::execve) && is_split_by_another(thread))
            return true;
        if (splits(entry) && is_executed_by_another(thread)) return true;
        const auto table = run_.kernel.table_of(thread);
        const auto is_known = [&](int fd) {
            const auto slot = table->open.find(fd);
            return slot == table->open.end() ? !table->was_shared : !slot->second.life->doomed;
        };
        switch (entry.call) {
            case Call::close:
                return !is_known(entry.number(0));
            case Call::dup2:
                return !is_known(entry.number(0)) || !is_known(entry.number(1));
            case Call::exit_group:
                return is_in(thread, Call::execve);
            case Call::execve:
                return is_in(thread, Call::exit_group) || is_executed_elsewhere(thread);
            default:
                return false;
        }
    }
    bool is_untold() { return data_[0] % 4 == 0; }

    int fd() { return static_cast<int>(below(7)); }
    bool rarely() { return below(8) == 0; }
    std::string path() { return below(3) == 0 ? "/b" : "/a"; }

    Action choose_call();
    Action choose_maker();
    Action choose_dropper();
    Action choose_end();

    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t at_ = 0;
    ModelRun run_;
};

Action RandomRun::choose_call() {
    const unsigned kind = below(16);
    if (kind < 7) return choose_maker();
    if (kind < 13) return choose_dropper();
    if (kind == 13) {
        if (is_untold()) return call_of(Call::recvmsg);
        return rarely() ? rename_file(path(), path()) : unlink_file(path());
    }
    return choose_end();
}

Action RandomRun::choose_maker() {
    Action action;
    switch (below(8)) {
        case 0:
            action = call_of(Call::pipe2);
            break;
        case 1:
            action = call_of(Call::eventfd2);
            break;
        case 2:
            action = call_of(Call::accept4);
            break;
        case 3:
            action = call_of(Call::dup, {fd()});
            break;
        case 4:
            action = call_of(Call::fcntl, {fd(), F_DUPFD, fd()});
            break;
        default:
            action = open_file(path());
            break;
    }
    action.fails = rarely();
    action.close_on_exec = below(3) == 0;
    return action;
}

Action RandomRun::choose_dropper() {
    switch (below(8)) {
        case 0: {
            Action action = call_of(Call::dup2, {fd(), fd()});
            action.fails = rarely();
            action.close_on_exec = below(3) == 0;
            return action;
        }
        case 1: {
            constexpr int kFlags[] = {0, 0, CLOSE_RANGE_CLOEXEC, CLOSE_RANGE_UNSHARE};
            const int first = fd();
            return call_of(Call::close_range, {first, first + fd(), kFlags[below(4)]});
        }
        default:
            return call_of(Call::close, {fd()});
    }
}

Action RandomRun::choose_end() {
    switch (below(8)) {
        case 0:
            return call_of(Call::exit_group);
        case 1:
        case 2:
            return call_of(Call::exit);
        case 3: {
            Action action = call_of(Call::unshare, {CLONE_FILES});
            action.fails = rarely();
            return action;
        }
        default: {
            Action action = call_of(Call::execve);
            action.fails = below(4) == 0;
            return action;
        }
    }
}

}  // namespace

std::vector<std::string> run_bytes(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return {};
    return RandomRun(data, size).run();
}

}  // namespace logfia::test
