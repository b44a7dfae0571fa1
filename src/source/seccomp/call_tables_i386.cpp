// The numbers of i386, under an x86-64 kernel.

#include <logfia/source/seccomp/call_tables.hpp>

#ifdef __x86_64__
#include <asm/unistd_32.h>
#endif

namespace logfia {

#ifdef __x86_64__
namespace {

constexpr CallNumber kCalls[] = {
#include <logfia/source/seccomp/call_numbers.hpp>
#include <logfia/source/seccomp/call_numbers_x86.hpp>
    {__NR_fcntl64, Call::fcntl}, {417, Call::recvmmsg},  // recvmmsg_time64
};

}  // namespace

std::span<const CallNumber> i386_calls() {
    return kCalls;
}
#else
std::span<const CallNumber> i386_calls() {
    return {};
}
#endif

}  // namespace logfia
