// The numbers of x86-64, and of x32, whose bit 30 is masked.

#include <logfia/source/seccomp/call_tables.hpp>

#ifdef __x86_64__
#include <asm/unistd_64.h>
#endif

namespace logfia {

#ifdef __x86_64__
namespace {

constexpr CallNumber kCalls[] = {
#include <logfia/source/seccomp/call_numbers.hpp>
#include <logfia/source/seccomp/call_numbers_x86.hpp>
    {__NR_accept, Call::accept}, {520, Call::execve},  // x32's own (syscall_64.tbl)
    {545, Call::execveat},                             // x32's own
    {519, Call::recvmsg},                              // x32's own
    {537, Call::recvmmsg},                             // x32's own
    {514, Call::ioctl},                                // x32's own
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
