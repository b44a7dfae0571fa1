// The numbers of x86-64, and of x32, whose bit 30 is masked.

#include <logfia/source/seccomp/call_tables.hpp>

#ifdef __x86_64__
#include <asm/unistd_64.h>
#endif

namespace logfia {

#ifdef __x86_64__
namespace {

constexpr CallNumber kCalls[] = {
    {__NR_fcntl, Call::fcntl},
    {__NR_accept, Call::accept},
    {__NR_accept4, Call::accept4},
    {__NR_bpf, Call::bpf},
    {__NR_creat, Call::creat},
    {__NR_dup, Call::dup},
    {__NR_epoll_create, Call::epoll_create},
    {__NR_epoll_create1, Call::epoll_create1},
    {__NR_eventfd, Call::eventfd},
    {__NR_eventfd2, Call::eventfd2},
    {__NR_fanotify_init, Call::fanotify_init},
    {__NR_fsmount, Call::fsmount},
    {__NR_fsopen, Call::fsopen},
    {__NR_fspick, Call::fspick},
    {__NR_inotify_init, Call::inotify_init},
    {__NR_inotify_init1, Call::inotify_init1},
    {__NR_io_uring_setup, Call::io_uring_setup},
    {__NR_landlock_create_ruleset, Call::landlock_create_ruleset},
    {__NR_memfd_create, Call::memfd_create},
    {__NR_memfd_secret, Call::memfd_secret},
    {__NR_mq_open, Call::mq_open},
    {__NR_open, Call::open},
    {__NR_open_by_handle_at, Call::open_by_handle_at},
    {__NR_open_tree, Call::open_tree},
    {__NR_openat, Call::openat},
    {__NR_openat2, Call::openat2},
    {__NR_perf_event_open, Call::perf_event_open},
    {__NR_pidfd_getfd, Call::pidfd_getfd},
    {__NR_pidfd_open, Call::pidfd_open},
    {__NR_pipe, Call::pipe},
    {__NR_pipe2, Call::pipe2},
    {__NR_signalfd, Call::signalfd},
    {__NR_signalfd4, Call::signalfd4},
    {__NR_socket, Call::socket},
    {__NR_socketpair, Call::socketpair},
    {__NR_timerfd_create, Call::timerfd_create},
    {__NR_userfaultfd, Call::userfaultfd},
    {__NR_close, Call::close},
    {__NR_close_range, Call::close_range},
    {__NR_dup2, Call::dup2},
    {__NR_dup3, Call::dup3},
    {__NR_execve, Call::execve},
    {__NR_execveat, Call::execveat},
    {__NR_exit, Call::exit},
    {__NR_exit_group, Call::exit_group},
    {__NR_unshare, Call::unshare},
    {__NR_rename, Call::rename},
    {__NR_renameat, Call::renameat},
    {__NR_renameat2, Call::renameat2},
    {__NR_rmdir, Call::rmdir},
    {__NR_unlink, Call::unlink},
    {__NR_unlinkat, Call::unlinkat},
    {__NR_bind, Call::bind},
    {__NR_connect, Call::connect},
    {__NR_listen, Call::listen},
    {__NR_clone, Call::clone},
    {__NR_clone3, Call::clone3},
    {__NR_ioctl, Call::ioctl},
    {__NR_recvmmsg, Call::recvmmsg},
    {__NR_recvmsg, Call::recvmsg},
    {__NR_seccomp, Call::seccomp},
    {467, Call::open_tree_attr},  // Linux 6.15
    {520, Call::execve},          // x32's own (syscall_64.tbl)
    {545, Call::execveat},        // x32's own
    {519, Call::recvmsg},         // x32's own
    {537, Call::recvmmsg},        // x32's own
    {514, Call::ioctl},           // x32's own
};

}  // namespace

std::span<const CallNumber> x86_64_calls() {
    return kCalls;
}
#else
std::span<const CallNumber> x86_64_calls() {
    return {};
}
#endif

}  // namespace logfia
