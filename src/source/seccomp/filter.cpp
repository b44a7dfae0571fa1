#include <logfia/source/seccomp/call.hpp>
#include <logfia/source/seccomp/filter.hpp>

#include <fcntl.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <span>

namespace logfia {
namespace {

// Every machine that is known is little-endian: the lower half of an argument comes first.
constexpr std::uint32_t offset_of_arg(unsigned i) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + i * sizeof(std::uint64_t));
}

/// Writes the part of the program for one Abi. Jumps go forward, at most 255 instructions far.
class Section {
  public:
    Section(Abi abi, DescriptorCount count) : abi_(abi), count_(count) {}

    std::vector<sock_filter> write() {
        load(offsetof(seccomp_data, nr));
        // The numbers of x32 are those of x86-64 with bit 30.
        if (abi_ == Abi::x86_64) add(BPF_ALU | BPF_AND | BPF_K, 0xbfffffff);
        // The first to be compared is the one call that is not told by its number alone, so that
        // the kernel cannot remember a verdict for it (seccomp_cache_prepare_bitmap()).
        for (const CallNumber& one : calls_of(abi_))
            if (one.call == Call::fcntl) to_fcntl_.push_back(jump_if(one.number));
        if (abi_ == Abi::i386) to_socketcall_.push_back(jump_if(kSocketcall));
        compare(calls_of(abi_));
        allow();
        land(to_fcntl_);
        load(offset_of_arg(1));
        notify_if(F_DUPFD);
        notify_if(F_DUPFD_CLOEXEC);
        allow();
        if (abi_ == Abi::i386) {
            land(to_socketcall_);
            load(offset_of_arg(0));
            compare(socketcalls());
            allow();
        }
        land(to_notify_);
        add(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
        return std::move(program_);
    }

  private:
    void add(unsigned code, std::uint32_t value) {
        program_.push_back({static_cast<std::uint16_t>(code), 0, 0, value});
    }
    void load(std::size_t offset) {
        add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    }
    void allow() { add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }
    std::size_t jump_if(std::uint32_t value) {
        add(BPF_JMP | BPF_JEQ | BPF_K, value);
        return program_.size() - 1;
    }
    void notify_if(std::uint32_t value) { to_notify_.push_back(jump_if(value)); }
    void compare(std::span<const CallNumber> calls) {
        for (const CallNumber& one : calls) {
            if (one.call == Call::fcntl) continue;
            if (count_ == DescriptorCount::told && is_maker_in_disguise(one.call)) continue;
            notify_if(one.number);
        }
    }
    /// The jumps lead to the next instruction.
    void land(const std::vector<std::size_t>& jumps) {
        for (const std::size_t at : jumps)
            program_[at].jt = static_cast<std::uint8_t>(program_.size() - at - 1);
    }

    Abi abi_;
    DescriptorCount count_;
    std::vector<sock_filter> program_;
    std::vector<std::size_t> to_fcntl_;
    std::vector<std::size_t> to_socketcall_;
    std::vector<std::size_t> to_notify_;
};

}  // namespace

std::vector<sock_filter> make_filter(DescriptorCount count) {
    std::vector<sock_filter> program;
    program.push_back({BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, arch)});
    for (const Abi abi : known_abis()) {
        const auto section = Section(abi, count).write();
        const auto length = static_cast<std::uint8_t>(section.size());
        program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, length, audit_arch_of(abi)});
        program.insert(program.end(), section.begin(), section.end());
    }
    // A program of another machine: it is slow, but does not go unnoticed.
    program.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_USER_NOTIF});
    return program;
}

}  // namespace logfia
