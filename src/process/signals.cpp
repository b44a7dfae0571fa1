#include <logfia/process/signals.hpp>

#include <array>
#include <cstddef>
#include <ctime>
#include <limits>
#include <utility>

namespace logfia {
namespace {

constexpr std::array kPassedOn{SIGINT, SIGTERM, SIGHUP};

volatile sig_atomic_t stop_signals = 0;
std::array<volatile sig_atomic_t, kPassedOn.size()> come{};

void note(int signal) {
    stop_signals = stop_signals + 1;
    for (std::size_t i = 0; i < kPassedOn.size(); ++i)
        if (kPassedOn[i] == signal) come[i] = 1;
}

struct sigaction set_action(int signal, void (*handler)(int)) {
    struct sigaction before {};
    struct sigaction action {};
    action.sa_handler = handler;
    sigaction(signal, &action, &before);
    return before;
}

bool is_ignored(int signal) {
    struct sigaction now {};
    sigaction(signal, nullptr, &now);
    return now.sa_handler == SIG_IGN;
}

}  // namespace

InheritedSignals set_up_signals() {
    InheritedSignals inherited{};
    sigprocmask(SIG_SETMASK, nullptr, &inherited.mask);
    inherited.broken_pipe = set_action(SIGPIPE, SIG_IGN);
    inherited.file_limit = set_action(SIGXFSZ, SIG_IGN);
    inherited.child_ended = set_action(SIGCHLD, SIG_DFL);
    return inherited;
}

void restore(const InheritedSignals& inherited) {
    sigaction(SIGPIPE, &inherited.broken_pipe, nullptr);
    sigaction(SIGXFSZ, &inherited.file_limit, nullptr);
    sigaction(SIGCHLD, &inherited.child_ended, nullptr);
    sigprocmask(SIG_SETMASK, &inherited.mask, nullptr);
}

StopSignals::StopSignals(SignalsMean meaning) {
    sigemptyset(&caught_);
    // The terminal sends these signals to both of us.
    if (meaning == SignalsMean::pass_on) {
        set_action(SIGINT, SIG_IGN);
        set_action(SIGQUIT, SIG_IGN);
    } else {
        catch_signal(SIGINT);
    }
    catch_signal(SIGTERM);
    if (!is_ignored(SIGHUP)) catch_signal(SIGHUP);
    if (meaning == SignalsMean::pass_on) for_command_ = std::numeric_limits<int>::max();
    block();
}

/// Blocks every signal that is caught, and makes the mask of the loop's wait, which lets them
/// through.
void StopSignals::block() {
    sigprocmask(SIG_BLOCK, &caught_, &waiting_);
    for (const int signal : kPassedOn)
        if (sigismember(&caught_, signal) == 1) sigdelset(&waiting_, signal);
}

void StopSignals::command_has_ended() {
    note_pending();
    for_command_ = count();
    catch_signal(SIGINT);
    block();
}

void StopSignals::catch_signal(int signal) {
    set_action(signal, note);
    sigaddset(&caught_, signal);
}

void StopSignals::note_pending() const {
    const timespec at_once{};
    for (int signal = 1; signal > 0;) {
        signal = sigtimedwait(&caught_, nullptr, &at_once);
        if (signal > 0) note(signal);
    }
}

int StopSignals::count() {
    return stop_signals;
}

std::vector<int> StopSignals::fetch_new() {
    std::vector<int> signals;
    for (std::size_t i = 0; i < kPassedOn.size(); ++i) {
        if (come[i] == 0) continue;
        come[i] = 0;
        signals.push_back(kPassedOn[i]);
    }
    return signals;
}

}  // namespace logfia
