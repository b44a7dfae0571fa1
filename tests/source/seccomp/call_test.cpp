#include <logfia/source/seccomp/call.hpp>

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <set>

namespace logfia {
namespace {

CallEntry decode(std::uint32_t arch, std::uint32_t number, std::uint64_t first = 0) {
    seccomp_data data{};
    data.arch = arch;
    data.nr = static_cast<int>(number);
    data.args[0] = first;
    data.args[5] = 0xfedcba9876543210;
    return decode_call(data);
}

TEST(Call, EachNumberStandsForOneCall) {
    for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::arm64}) {
        std::set<std::uint32_t> seen;
        for (const CallNumber& one : calls_of(abi)) {
            EXPECT_TRUE(seen.insert(one.number).second) << one.number;
            EXPECT_LT(one.number, 1024U);
            EXPECT_NE(one.call, Call::none);
        }
    }
}

TEST(Call, KeepsTheArguments) {
    ASSERT_FALSE(known_abis().empty());
    const Abi abi = known_abis().front();
    const CallEntry entry = decode(audit_arch_of(abi), calls_of(abi).front().number, 0x1ffffffff);
    EXPECT_EQ(entry.number(0), -1) << "an int is its lower half";
    EXPECT_EQ(entry.args[0], 0x1ffffffffU);
    EXPECT_EQ(entry.args[5], 0xfedcba9876543210U);
    EXPECT_TRUE(entry.args_known);
    EXPECT_FALSE(entry.foreign);
}

TEST(Call, WhatLiesBeyondTheTablesIsNoCall) {
    for (const Abi abi : known_abis())
        for (const std::uint32_t number : {1023U, 1024U, 100000U, 0x80000003U, ~0U})
            EXPECT_EQ(decode(audit_arch_of(abi), number).call, Call::none);
}

#ifdef __x86_64__
struct Known {
    std::uint32_t arch;
    std::uint32_t number;
    std::uint64_t first;
    Call call;
};

// From arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl, and <linux/net.h>.
constexpr Known kKnown[] = {
    {AUDIT_ARCH_X86_64, 2, 0, Call::open},
    {AUDIT_ARCH_X86_64, 3, 0, Call::close},
    {AUDIT_ARCH_X86_64, 16, 0, Call::ioctl},
    {AUDIT_ARCH_X86_64, 22, 0, Call::pipe},
    {AUDIT_ARCH_X86_64, 32, 0, Call::dup},
    {AUDIT_ARCH_X86_64, 33, 0, Call::dup2},
    {AUDIT_ARCH_X86_64, 41, 0, Call::socket},
    {AUDIT_ARCH_X86_64, 59, 0, Call::execve},
    {AUDIT_ARCH_X86_64, 60, 0, Call::exit},
    {AUDIT_ARCH_X86_64, 72, 0, Call::fcntl},
    {AUDIT_ARCH_X86_64, 231, 0, Call::exit_group},
    {AUDIT_ARCH_X86_64, 257, 0, Call::openat},
    {AUDIT_ARCH_X86_64, 436, 0, Call::close_range},
    {AUDIT_ARCH_X86_64, 437, 0, Call::openat2},
    {AUDIT_ARCH_X86_64, 467, 0, Call::open_tree_attr},
    {AUDIT_ARCH_X86_64, 0, 0, Call::none},    // read
    {AUDIT_ARCH_X86_64, 202, 0, Call::none},  // futex
    {AUDIT_ARCH_X86_64, 0x40000000 + 257, 0, Call::openat},
    {AUDIT_ARCH_X86_64, 0x40000000 + 514, 0, Call::ioctl},
    {AUDIT_ARCH_X86_64, 0x40000000 + 519, 0, Call::recvmsg},
    {AUDIT_ARCH_X86_64, 0x40000000 + 520, 0, Call::execve},
    {AUDIT_ARCH_X86_64, 0x40000000 + 537, 0, Call::recvmmsg},
    {AUDIT_ARCH_X86_64, 0x40000000 + 545, 0, Call::execveat},
    {AUDIT_ARCH_X86_64, 0x40000000 + 513, 0, Call::none},  // rt_sigreturn
    {AUDIT_ARCH_I386, 5, 0, Call::open},
    {AUDIT_ARCH_I386, 6, 0, Call::close},
    {AUDIT_ARCH_I386, 8, 0, Call::creat},
    {AUDIT_ARCH_I386, 11, 0, Call::execve},
    {AUDIT_ARCH_I386, 55, 0, Call::fcntl},
    {AUDIT_ARCH_I386, 221, 0, Call::fcntl},  // fcntl64
    {AUDIT_ARCH_I386, 252, 0, Call::exit_group},
    {AUDIT_ARCH_I386, 359, 0, Call::socket},
    {AUDIT_ARCH_I386, 417, 0, Call::recvmmsg},  // recvmmsg_time64
    {AUDIT_ARCH_I386, 3, 0, Call::none},        // read
    {AUDIT_ARCH_I386, 102, 1, Call::socket},
    {AUDIT_ARCH_I386, 102, 3, Call::connect},
    {AUDIT_ARCH_I386, 102, 5, Call::accept},
    {AUDIT_ARCH_I386, 102, 8, Call::socketpair},
    {AUDIT_ARCH_I386, 102, 17, Call::recvmsg},
    {AUDIT_ARCH_I386, 102, 18, Call::accept4},
    {AUDIT_ARCH_I386, 102, 9, Call::none},   // send
    {AUDIT_ARCH_X86_64, 102, 1, Call::none}  // getuid
};

TEST(Call, KnowsTheNumbersOfTheKernelsTables) {
    for (const Known& known : kKnown) {
        const CallEntry entry = decode(known.arch, known.number, known.first);
        EXPECT_EQ(entry.call, known.call) << std::hex << known.arch << ' ' << known.number;
        EXPECT_EQ(entry.raw_number, static_cast<int>(known.number));
    }
}

TEST(Call, TheArgumentsOfSocketcallAreInMemory) {
    const CallEntry entry = decode(AUDIT_ARCH_I386, kSocketcall, 1);
    EXPECT_FALSE(entry.args_known);
    EXPECT_EQ(entry.abi, Abi::i386);
}
#endif

}  // namespace
}  // namespace logfia
