// The numbers of arm64, which never had the older calls.

#include <logfia/source/seccomp/call_tables.hpp>

#ifdef __aarch64__
#include <asm/unistd.h>
#endif

namespace logfia {

#ifdef __aarch64__
namespace {

constexpr CallNumber kCalls[] = {
#include <logfia/source/seccomp/call_numbers.hpp>
    {__NR_accept, Call::accept},
};

}  // namespace

std::span<const CallNumber> arm64_calls() {
    return kCalls;
}
#else
std::span<const CallNumber> arm64_calls() {
    return {};
}
#endif

}  // namespace logfia
