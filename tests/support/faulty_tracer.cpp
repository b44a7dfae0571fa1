#include "support/faulty_tracer.hpp"

#include "support/child.hpp"
#include "support/other_memory.hpp"

#include <elf.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace logfia::test {
namespace {

/// The program ends with us. Without PTRACE_O_TRACEFORK and PTRACE_O_TRACEVFORK a child by fork(2)
/// is never traced.
constexpr long kOptions = PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
constexpr int kCallStop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD

/// Only what this thread traces: its process may have other children.
constexpr int kOurs = __WALL | __WNOTHREAD;

bool pass(pid_t thread, __ptrace_request how, int signal = 0) {
    return ptrace(how, thread, nullptr, static_cast<long>(signal)) == 0;
}

#if defined(__x86_64__)
void change_registers(pid_t thread, void (*change)(user_regs_struct&, long), long value) {
    user_regs_struct registers{};
    if (ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) return;
    change(registers, value);
    ptrace(PTRACE_SETREGS, thread, nullptr, &registers);
}

/// To be called when the call begins.
void skip_call(pid_t thread) {
    change_registers(
        thread, [](user_regs_struct& registers, long) { registers.orig_rax = ~0ULL; }, 0);
}

/// To be called when it is over.
void set_result(pid_t thread, long result) {
    change_registers(
        thread,
        [](user_regs_struct& registers, long value) {
            registers.rax = static_cast<unsigned long long>(value);
        },
        result);
}
#elif defined(__aarch64__)
constexpr long kCallNumber = 0x404;  // NT_ARM_SYSTEM_CALL
constexpr long kRegisters = NT_PRSTATUS;

void skip_call(pid_t thread) {
    int number = -1;
    iovec part{&number, sizeof number};
    ptrace(PTRACE_SETREGSET, thread, kCallNumber, &part);
}

void set_result(pid_t thread, long result) {
    user_regs_struct registers{};
    iovec part{&registers, sizeof registers};
    if (ptrace(PTRACE_GETREGSET, thread, kRegisters, &part) != 0) return;
    registers.regs[0] = static_cast<unsigned long long>(result);
    ptrace(PTRACE_SETREGSET, thread, kRegisters, &part);
}
#endif

bool is_stop_of_all(int signal) {
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

}  // namespace

bool wait_for_tracer(int socket) {
    const pid_t self = getpid();
    char traced = 0;
    if (write(socket, &self, sizeof self) != ssize_t{sizeof self}) return false;
    if (read(socket, &traced, 1) == 1) return true;
    errno = EPERM;
    return false;
}

FaultyTracer::FaultyTracer(Fault fault) : plan_(std::move(fault)), stop_(eventfd(0, EFD_CLOEXEC)) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    our_end_.reset(ends[0]);
    child_end_.reset(ends[1]);
    thread_ = std::thread([this] { trace(); });
}

FaultyTracer::~FaultyTracer() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t told = write(stop_.get(), &one, sizeof one);
    thread_.join();
}

std::string FaultyTracer::why_not() {
    FaultyTracer tracer;
    try {
        ChildOptions options;
        options.tracer = tracer.socket();
        Child child({"/bin/true"}, options);
        return child.wait() == 0 ? "" : "a traced program did not run";
    } catch (const std::system_error& error) {
        return std::string("ptrace is not permitted here: ") + error.what();
    }
}

/// The program, which stands still; 0: there will be none, or it may not be traced.
pid_t FaultyTracer::meet_program() {
    std::array<pollfd, 2> waiting{{{our_end_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    while (poll(waiting.data(), waiting.size(), -1) < 0)
        if (errno != EINTR) return 0;
    pid_t program = 0;
    const bool told = waiting[1].revents == 0 &&
                      read(our_end_.get(), &program, sizeof program) == ssize_t{sizeof program};
    if (!told || ptrace(PTRACE_SEIZE, program, nullptr, kOptions) != 0) return 0;
    int status = 0;
    if (!pass(program, PTRACE_INTERRUPT) || waitpid(program, &status, kOurs) != program) return 0;
    return program;
}

void FaultyTracer::trace() {
    const pid_t program = meet_program();
    const char traced = 1;
    if (program == 0 || !pass(program, PTRACE_SYSCALL) || write(our_end_.get(), &traced, 1) != 1) {
        our_end_.reset();
        return;
    }
    for (;;) {
        siginfo_t info{};
        if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOWAIT | kOurs) != 0) {
            if (errno == EINTR) continue;
            return;
        }
        const bool is_end = info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED;
        // The program's parent learns its status. The first thread is the last of its threads to
        // end.
        if (is_end && info.si_pid == program) return;
        const pid_t thread = info.si_pid;
        if (waitid(P_PID, static_cast<id_t>(thread), &info,
                   (is_end ? WEXITED : WSTOPPED) | WNOHANG | kOurs) != 0 ||
            info.si_pid == 0)
            continue;
        if (is_end) {
            names_.erase(thread);
            failing_.erase(thread);
        } else {
            handle_stop(thread, info.si_status);
        }
    }
}

void FaultyTracer::handle_stop(pid_t thread, int signal) {
    const int event = signal >> 8;
    if (signal == kCallStop) {
        handle_call(thread);
    } else if (event == PTRACE_EVENT_CLONE) {
        unsigned long fresh = 0;
        ptrace(PTRACE_GETEVENTMSG, thread, nullptr, &fresh);
        // The new thread may have given itself a name before we hear of it.
        const std::string name = names_[thread];
        names_.try_emplace(static_cast<pid_t>(fresh), name);
    } else if (event == PTRACE_EVENT_STOP && is_stop_of_all(signal & 0xff)) {
        pass(thread, PTRACE_LISTEN);
        return;
    } else if (event == 0) {
        pass(thread, PTRACE_SYSCALL, signal);
        return;
    }
    pass(thread, PTRACE_SYSCALL);
}

void FaultyTracer::handle_call(pid_t thread) {
    __ptrace_syscall_info info{};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0) return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        if (const auto failing = failing_.find(thread); failing != failing_.end()) {
            set_result(thread, -failing->second);
            failing_.erase(failing);
        }
        return;
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
    BegunCall call{thread, info.entry.nr, {}};
    std::copy(std::begin(info.entry.args), std::end(info.entry.args), call.arguments.begin());
    started_ = started_ || is_first_of_main(call);
    if (!started_) return;
    note_name(call);
    const std::string place = place_of(call).value_or("call " + std::to_string(call.number));
    const int error = plan_.judge(place + names_[thread]);
    if (error == 0) return;
    skip_call(thread);
    failing_[thread] = error;
}

void FaultyTracer::note_name(const BegunCall& call) {
    if (call.number == SYS_prctl && call.arguments[0] == PR_SET_NAME)
        names_[call.thread] = " in " + text_in(call.thread, call.arguments[1]);
}

}  // namespace logfia::test
