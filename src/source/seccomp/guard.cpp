#include <logfia/base/fields.hpp>
#include <logfia/base/pass_fd.hpp>
#include <logfia/source/seccomp/guard.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace logfia {
namespace {

constexpr std::string_view kName = "logfia-guard";
// The number of the guard's one descriptor, until it has the listener.
constexpr int kSocket = 0;
constexpr int kFirstOther = 1;

/// The place of the command line, which `ps` shows (proc_pid_stat(5)), is overwritten.
void show_as_guard() {
    prctl(PR_SET_NAME, kName.data(), 0UL, 0UL, 0UL);
    std::array<char, 2048> bytes;
    const UniqueFd file(open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
    const ssize_t got = file ? read(file.get(), bytes.data(), bytes.size()) : -1;
    std::string_view row(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    row.remove_prefix(std::min(row.size(), row.rfind(')') + 1));
    // Fields 48 and 49; the first after the name is field 3.
    for (int number = 3; number < 48; ++number) next_field(row);
    const auto begin = parse_number<std::uintptr_t>(next_field(row)).value_or(0);
    const auto end = parse_number<std::uintptr_t>(next_field(row)).value_or(0);
    if (begin == 0 || end <= begin + kName.size()) return;
    char* words = std::bit_cast<char*>(begin);
    std::memset(words, 0, end - begin);
    std::memcpy(words, kName.data(), kName.size());
}

void ignore_signals() {
    for (int number = 1; number <= SIGRTMAX; ++number) signal(number, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Keeps this descriptor alone, under its number.
void keep_only(int socket) {
    if (socket != kSocket) dup2(socket, kSocket);
    syscall(SYS_close_range, static_cast<unsigned>(kFirstOther), ~0U, 0U);
}

/// Waits for the listener; ends when there will be none.
int receive_listener() {
    const int listener = receive_fd(kSocket).release();
    if (listener < 0) _exit(0);
    const char received = 1;
    [[maybe_unused]] const ssize_t told = write(kSocket, &received, 1);
    return listener;
}

[[noreturn]] void serve(int listener, const NoticePage& page) {
    // Without events asked for, both wake us only when nobody is left at the other end (HUP).
    std::array<pollfd, 2> both{pollfd{kSocket, 0, 0}, pollfd{listener, 0, 0}};
    while (both[0].revents == 0) {
        if (poll(both.data(), both.size(), -1) < 0) continue;
        if (both[1].revents != 0) _exit(0);
    }
    close(kSocket);
    // The one that was received and, maybe, not answered.
    let_go_on(listener, page.notification().id);
    for (;;) {
        pollfd one{listener, POLLIN, 0};
        if (poll(&one, 1, -1) < 0) continue;
        if ((one.revents & (POLLHUP | POLLERR)) != 0) _exit(0);
        page.clear();
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &page.notification()) == 0)
            let_go_on(listener, page.notification().id);
    }
}

[[noreturn]] void be_guard(int socket, const NoticePage& page) {
    show_as_guard();
    ignore_signals();
    setsid();
    if (chdir("/") != 0) _exit(1);
    keep_only(socket);
    serve(receive_listener(), page);
}

Error failure() {
    return {"start", "the guard of the command", errno, {}};
}

}  // namespace

Result<Guard> Guard::start(const NoticePage& page) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return failure();
    UniqueFd ours(ends[0]);
    const UniqueFd its(ends[1]);
    const pid_t child = fork();
    if (child < 0) return failure();
    if (child == 0) {
        const pid_t guard = fork();
        if (guard == 0) be_guard(its.get(), page);
        _exit(guard < 0 ? errno : 0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (status == 0) return Guard(std::move(ours));
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
    return failure();
}

int Guard::entrust(int listener) {
    const int error = send_fd(socket_.get(), listener);
    if (error != 0) socket_.reset();
    if (error != 0) return error;
    char received = 0;
    ssize_t got = 0;
    do {
        got = read(socket_.get(), &received, 1);
    } while (got < 0 && errno == EINTR);
    if (got == 1) return 0;
    const int failed = got < 0 ? errno : ECHILD;
    socket_.reset();
    return failed;
}

}  // namespace logfia
