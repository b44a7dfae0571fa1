// Ends of processes that have much open.

#include "modes.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

namespace fd_truth {
namespace {

void open_much(long count) {
    for (long i = 0; i < count; ++i) {
        open_file(FileName(i).path(), O_RDONLY);
        make_two([](int* ends) { return pipe(ends); });
        make([] { return socket(AF_UNIX, SOCK_STREAM, 0); });
    }
}

void exit_open(long count) {
    reap(in_child([&] { open_much(count); }));
    open_much(count);
}

/// The last open may go unseen: nobody stands still for it any more.
void killed(long count) {
    const int child = fork_child();
    if (child == 0) {
        begin_table();
        open_much(count);
        tell_all_dropped(Dropped::exit);
        raise(SIGKILL);
    }
    reap_killed(child);
    open_file(FileName(1).path(), O_RDONLY);
}

constexpr std::array kModes{
    Mode{"exit-open", exit_open},
    Mode{"killed", killed},
};

}  // namespace

std::span<const Mode> ending_modes() {
    return kModes;
}

}  // namespace fd_truth
