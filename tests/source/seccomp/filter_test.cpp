#include "bpf.hpp"
#include <logfia/source/seccomp/call.hpp>
#include <logfia/source/seccomp/filter.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/net.h>

#include <algorithm>
#include <set>

namespace logfia {
namespace {

using test::Bpf;

constexpr std::uint32_t kX32 = 0x40000000;
constexpr std::uint32_t kMostNumbers = 1024;

seccomp_data call(Abi abi, std::uint32_t number, std::uint64_t first = 0,
                  std::uint64_t second = 0) {
    seccomp_data data{};
    data.arch = audit_arch_of(abi);
    data.nr = static_cast<int>(number);
    data.args[0] = first;
    data.args[1] = second;
    return data;
}

class Filter : public testing::TestWithParam<DescriptorCount> {
  protected:
    [[nodiscard]] bool stops(const seccomp_data& data) const {
        const std::uint32_t verdict = bpf.run(data);
        EXPECT_TRUE(verdict == SECCOMP_RET_USER_NOTIF || verdict == SECCOMP_RET_ALLOW) << verdict;
        return verdict == SECCOMP_RET_USER_NOTIF;
    }
    /// By what the call is alone.
    [[nodiscard]] static bool is_wanted(Call one) {
        if (one == Call::none) return false;
        return GetParam() == DescriptorCount::untold || !is_maker_in_disguise(one);
    }

    std::vector<sock_filter> program = make_filter(GetParam());
    Bpf bpf{program};
};

INSTANTIATE_TEST_SUITE_P(Of, Filter,
                         testing::Values(DescriptorCount::told, DescriptorCount::untold),
                         [](const auto& one) {
                             return one.param == DescriptorCount::told ? "Counted" : "Uncounted";
                         });

TEST_P(Filter, IsOneThatTheKernelTakes) {
    EXPECT_EQ(bpf.refusal(), "");
}

TEST_P(Filter, StopsTheCallsOfTheTables) {
    for (const Abi abi : known_abis())
        for (const CallNumber& one : calls_of(abi)) {
            if (one.call == Call::fcntl) continue;
            EXPECT_EQ(stops(call(abi, one.number)), is_wanted(one.call)) << one.number;
        }
}

TEST_P(Filter, LetsAllOthersGoOn) {
    for (const Abi abi : known_abis()) {
        std::set<std::uint32_t> known;
        for (const CallNumber& one : calls_of(abi)) known.insert(one.number);
        for (std::uint32_t number = 0; number < kMostNumbers; ++number) {
            if (!known.contains(number)) {
                EXPECT_FALSE(stops(call(abi, number))) << number;
            }
        }
        EXPECT_FALSE(stops(call(abi, ~0U)));
    }
}

TEST_P(Filter, StopsFcntlByItsCommand) {
    for (const Abi abi : known_abis())
        for (const CallNumber& one : calls_of(abi)) {
            if (one.call != Call::fcntl) continue;
            for (std::uint64_t command = 0; command < 1100; ++command)
                EXPECT_EQ(stops(call(abi, one.number, 3, command)),
                          command == F_DUPFD || command == F_DUPFD_CLOEXEC)
                    << command;
            // The kernel takes 32 bits of the command.
            EXPECT_TRUE(stops(call(abi, one.number, 3, 0xffffffff00000000)));
        }
}

TEST_P(Filter, StopsProgramsOfOtherMachines) {
    for (const std::uint32_t arch : {AUDIT_ARCH_S390X, AUDIT_ARCH_PPC64LE, 0U, ~0U})
        for (const int number : {0, 1, 39, 500, -1}) {
            seccomp_data data{};
            data.arch = arch;
            data.nr = number;
            EXPECT_TRUE(stops(data)) << arch;
            EXPECT_TRUE(decode_call(data).foreign);
            EXPECT_EQ(decode_call(data).call, Call::none);
        }
}

/// True for a call that need not be looked at, in the words of decode_call().
bool is_other_fcntl(const CallEntry& entry) {
    return entry.call == Call::fcntl && entry.number(1) != F_DUPFD &&
           entry.number(1) != F_DUPFD_CLOEXEC;
}

TEST_P(Filter, AgreesWithWhatIsMadeOfTheCall) {
    for (const Abi abi : known_abis())
        for (std::uint32_t number = 0; number < kMostNumbers; ++number)
            for (const std::uint64_t first : {0U, 1U, 2U, 5U, 18U, 19U, 1000U})
                for (const std::uint64_t second : {0U, 1U, unsigned{F_DUPFD_CLOEXEC}}) {
                    const seccomp_data data = call(abi, number, first, second);
                    const CallEntry entry = decode_call(data);
                    EXPECT_EQ(stops(data), is_wanted(entry.call) && !is_other_fcntl(entry))
                        << number << ' ' << first << ' ' << second;
                }
}

#ifdef __x86_64__
TEST_P(Filter, StopsTheNumbersOfX32) {
    for (const CallNumber& one : calls_of(Abi::x86_64)) {
        if (one.call == Call::fcntl) continue;
        const seccomp_data data = call(Abi::x86_64, one.number | kX32);
        EXPECT_EQ(stops(data), is_wanted(one.call)) << one.number;
        EXPECT_EQ(decode_call(data).call, one.call);
    }
}

TEST_P(Filter, StopsSocketcallByWhatItDoes) {
    std::set<std::uint64_t> known;
    for (const CallNumber& one : socketcalls()) {
        known.insert(one.number);
        EXPECT_EQ(stops(call(Abi::i386, kSocketcall, one.number)), is_wanted(one.call));
    }
    for (std::uint64_t what = 0; what < 64; ++what) {
        if (!known.contains(what)) {
            EXPECT_FALSE(stops(call(Abi::i386, kSocketcall, what))) << what;
        }
    }
    // On x86-64 this number is getuid(2).
    EXPECT_FALSE(stops(call(Abi::x86_64, kSocketcall, SYS_SOCKET)));
}
#endif

}  // namespace
}  // namespace logfia
