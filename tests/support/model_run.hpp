#pragma once

#include "support/model_checker.hpp"
#include "support/simulated_kernel.hpp"
#include <logfia/source/seccomp/model.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace logfia::test {

/// Calls of each kind, as their callers give them.
Action call_of(Call call, std::initializer_list<int> args = {});
Action open_file(std::string path, bool close_on_exec = false);
Action rename_file(std::string from, std::string to);
Action unlink_file(std::string path);

/// A model of a command in a simulated kernel, and what checks it. Serves calls as Supervisor does.
class ModelRun {
  public:
    struct Options {
        Model::Children children = Model::Children::told;
        Model::Inherited inherited = Model::Inherited::told;
        DescriptorCount count = DescriptorCount::told;
    };
    ModelRun() : ModelRun(Options{}) {}
    /// The command, of one thread, has called exec, with descriptors 0 to 2.
    explicit ModelRun(const Options& options);

    /// The call comes in, and is let go on.
    void enter(pid_t thread, const Action& action);
    /// The call comes in, and is not let go on yet.
    void stand(pid_t thread, const Action& action);
    void let_go_on(pid_t thread);
    /// Executes all of a call that was let go on.
    void finish(pid_t thread);
    void call(pid_t thread, const Action& action) {
        enter(thread, action);
        finish(thread);
    }
    /// Time passes, and the model looks when it wants to.
    void pass(Duration time);
    /// Tells the model which processes have ended.
    void tell_ends();
    /// Lets all calls return, and each thread call twice: all that has happened must be known.
    void settle();
    /// Kills all processes, and compares all that was told.
    void end();

    pid_t command;
    SimulatedKernel kernel;
    ModelChecker checker;
    Model model;

  private:
    [[nodiscard]] Now now() const;
};

/// Makes a run of bytes: what happens next, to whom, and what happens while the model asks. Ends
/// with all that settle() and end() demand. Returns what was wrong, if anything, and then
/// all that happened.
std::vector<std::string> run_bytes(const std::uint8_t* data, std::size_t size);

}  // namespace logfia::test
