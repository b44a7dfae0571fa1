#include <logfia/source/seccomp/call.hpp>
#include <logfia/source/seccomp/call_tables.hpp>

#include <linux/audit.h>
#include <linux/net.h>

#include <algorithm>

namespace logfia {
namespace {

constexpr std::uint32_t kX32Bit = 0x40000000;

constexpr CallNumber kSocketcalls[] = {
    {SYS_SOCKET, Call::socket},         {SYS_BIND, Call::bind},
    {SYS_CONNECT, Call::connect},       {SYS_LISTEN, Call::listen},
    {SYS_ACCEPT, Call::accept},         {SYS_ACCEPT4, Call::accept4},
    {SYS_SOCKETPAIR, Call::socketpair}, {SYS_RECVMSG, Call::recvmsg},
    {SYS_RECVMMSG, Call::recvmmsg},
};

#if defined(__x86_64__)
constexpr Abi kKnown[] = {Abi::x86_64, Abi::i386};
#elif defined(__aarch64__)
constexpr Abi kKnown[] = {Abi::arm64};
#endif

/// The calls of one Abi, found by their numbers at once.
class CallsByNumber {
  public:
    explicit CallsByNumber(std::span<const CallNumber> calls) {
        for (const CallNumber& one : calls) calls_[one.number] = one.call;
    }
    [[nodiscard]] Call operator[](std::uint32_t number) const {
        return number < calls_.size() ? calls_[number] : Call::none;
    }

  private:
    std::array<Call, 1024> calls_{};
};

const CallsByNumber& calls_by_number(Abi abi) {
    static const CallsByNumber x86_64(x86_64_calls());
    static const CallsByNumber i386(i386_calls());
    static const CallsByNumber arm64(arm64_calls());
    return abi == Abi::x86_64 ? x86_64 : abi == Abi::i386 ? i386 : arm64;
}

std::optional<Abi> abi_of(std::uint32_t arch) {
    for (const Abi abi : known_abis())
        if (audit_arch_of(abi) == arch) return abi;
    return std::nullopt;
}

}  // namespace

std::span<const CallNumber> calls_of(Abi abi) {
    switch (abi) {
        case Abi::x86_64:
            return x86_64_calls();
        case Abi::i386:
            return i386_calls();
        case Abi::arm64:
            return arm64_calls();
    }
    return {};
}

std::uint32_t audit_arch_of(Abi abi) {
    switch (abi) {
        case Abi::x86_64:
            return AUDIT_ARCH_X86_64;
        case Abi::i386:
            return AUDIT_ARCH_I386;
        case Abi::arm64:
            return AUDIT_ARCH_AARCH64;
    }
    return 0;
}

std::span<const Abi> known_abis() {
#if defined(__x86_64__) || defined(__aarch64__)
    return kKnown;
#else
    return {};
#endif
}

std::span<const CallNumber> socketcalls() {
    return kSocketcalls;
}

bool is_maker_in_disguise(Call call) {
    switch (call) {
        case Call::clone:
        case Call::clone3:
        case Call::ioctl:
        case Call::recvmmsg:
        case Call::recvmsg:
        case Call::seccomp:
            return true;
        default:
            return false;
    }
}

bool changes_names(Call call) {
    switch (call) {
        case Call::rename:
        case Call::renameat:
        case Call::renameat2:
        case Call::rmdir:
        case Call::unlink:
        case Call::unlinkat:
            return true;
        default:
            return false;
    }
}

CallEntry decode_call(const seccomp_data& data) {
    CallEntry entry;
    const auto abi = abi_of(data.arch);
    entry.foreign = !abi;
    if (!abi) return entry;
    entry.abi = *abi;
    entry.raw_number = data.nr;
    std::copy(std::begin(data.args), std::end(data.args), entry.args.begin());
    auto number = static_cast<std::uint32_t>(data.nr);
    if (*abi == Abi::x86_64) number &= ~kX32Bit;
    if (*abi == Abi::i386 && number == kSocketcall) {
        entry.args_known = false;
        for (const CallNumber& one : kSocketcalls)
            if (one.number == data.args[0]) entry.call = one.call;
        return entry;
    }
    entry.call = calls_by_number(*abi)[number];
    return entry;
}

}  // namespace logfia
