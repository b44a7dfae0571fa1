#include "support/model_run.hpp"

#include <set>
#include <utility>

namespace logfia::test {
namespace {

constexpr Duration kCallTakes = std::chrono::microseconds(10);

}  // namespace

Action call_of(Call call, std::initializer_list<int> args) {
    Action action;
    action.entry.call = call;
    action.entry.raw_number = static_cast<int>(call);
    std::size_t i = 0;
    for (const int arg : args)
        action.entry.args[i++] = static_cast<std::uint64_t>(static_cast<unsigned>(arg));
    return action;
}

Action open_file(std::string path, bool close_on_exec) {
    Action action = call_of(Call::openat);
    action.path = std::move(path);
    action.close_on_exec = close_on_exec;
    return action;
}

Action rename_file(std::string from, std::string to) {
    Action action = call_of(Call::renameat2);
    action.path = std::move(from);
    action.new_path = std::move(to);
    return action;
}

Action unlink_file(std::string path) {
    Action action = call_of(Call::unlinkat);
    action.path = std::move(path);
    return action;
}

ModelRun::ModelRun(const Options& options)
    : command(100),
      kernel(options.count),
      checker(kernel),
      model(kernel, checker, {command, options.children, options.inherited}) {
    kernel.now = SteadyTime(std::chrono::seconds(1));
    kernel.start({"/in", "/out", "/err"});
    call(command, call_of(Call::execve));
}

Now ModelRun::now() const {
    const auto wall =
        std::chrono::duration_cast<std::chrono::microseconds>(kernel.now.time_since_epoch());
    return {WallTime(wall), kernel.now};
}

void ModelRun::stand(pid_t thread, const Action& action) {
    pass(kCallTakes);
    if (kernel.find(thread) == nullptr) return;  // killed meanwhile
    kernel.stand(thread, action);
    model.enter(action.entry, thread, now());
}

void ModelRun::let_go_on(pid_t thread) {
    const auto* caller = kernel.find(thread);
    if (caller == nullptr || caller->stage != SimulatedKernel::Stage::standing) return;
    kernel.let_go_on(thread);
    model.commit();
}

void ModelRun::enter(pid_t thread, const Action& action) {
    stand(thread, action);
    let_go_on(thread);
}

void ModelRun::finish(pid_t thread) {
    while (kernel.find(thread) != nullptr &&
           kernel.find(thread)->stage == SimulatedKernel::Stage::granted)
        kernel.step(thread);
}

void ModelRun::pass(Duration time) {
    kernel.now += time;
    const auto next = model.next_look();
    if (next && *next <= kernel.now) model.look(now());
}

void ModelRun::tell_ends() {
    for (const pid_t pid : kernel.take_ended()) model.end(pid, now(), std::nullopt);
}

void ModelRun::settle() {
    std::vector<pid_t> threads;
    for (int round = 0; round < 3; ++round) {
        threads.clear();
        for (const auto& [id, thread] : kernel.threads()) threads.push_back(id);
        for (const pid_t thread : threads) finish(thread);
        tell_ends();
        threads.clear();
        for (const auto& [id, thread] : kernel.threads()) threads.push_back(id);
        for (const pid_t thread : threads) call(thread, call_of(Call::close, {-1}));
    }
    pass(std::chrono::milliseconds(1));
    checker.check_complete();
}

void ModelRun::end() {
    std::vector<pid_t> processes;
    for (const auto& [id, thread] : kernel.threads()) processes.push_back(thread.process);
    for (const pid_t process : std::set<pid_t>(processes.begin(), processes.end()))
        kernel.kill(process);
    pass(kCallTakes);
    tell_ends();
    checker.check_all();
}

}  // namespace logfia::test
