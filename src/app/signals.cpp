#include <logfia/app/signals.hpp>

#include <ctime>
#include <initializer_list>

namespace logfia {
namespace {

volatile sig_atomic_t stop_signals = 0;

void note(int) {
    stop_signals = stop_signals + 1;
}

}  // namespace

void ignore_broken_writes() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
    sigaction(SIGXFSZ, &ignore, nullptr);
}

StopSignals::StopSignals() {
    sigemptyset(&caught_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        sigaction(signal, nullptr, &before);
        if (signal == SIGHUP && before.sa_handler == SIG_IGN) continue;
        struct sigaction action {};
        action.sa_handler = note;
        sigaction(signal, &action, nullptr);
        sigaddset(&caught_, signal);
    }
    sigprocmask(SIG_BLOCK, &caught_, &waiting_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        if (sigismember(&caught_, signal) == 1) sigdelset(&waiting_, signal);
}

void StopSignals::take_pending() const {
    const timespec at_once{};
    while (sigtimedwait(&caught_, nullptr, &at_once) > 0) note(0);
}

int StopSignals::count() {
    return stop_signals;
}

}  // namespace logfia
