#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace logfia::test {

/// Classic BPF over a seccomp_data, as far as filters here use it.
class Bpf {
  public:
    explicit Bpf(std::span<const sock_filter> program) : program_(program) {}

    /// Why the kernel would not take the program (bpf_check_classic(), net/core/filter.c, and
    /// seccomp_check_filter(), kernel/seccomp.c); empty when it would.
    [[nodiscard]] std::string refusal() const {
        if (program_.empty() || program_.size() > BPF_MAXINSNS) return "its length";
        for (std::size_t i = 0; i < program_.size(); ++i)
            if (!is_sound(i)) return "instruction " + std::to_string(i);
        if (BPF_CLASS(program_.back().code) != BPF_RET) return "it does not end with a RET";
        return {};
    }

    /// SECCOMP_RET_* for a call. To be asked only of a program that is not refused.
    [[nodiscard]] std::uint32_t run(const seccomp_data& data) const {
        std::uint32_t a = 0;
        for (std::size_t i = 0;; ++i) {
            const sock_filter& one = program_[i];
            switch (one.code) {
                case BPF_LD | BPF_W | BPF_ABS:
                    std::memcpy(&a, reinterpret_cast<const char*>(&data) + one.k, sizeof a);
                    break;
                case BPF_ALU | BPF_AND | BPF_K:
                    a &= one.k;
                    break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                    i += a == one.k ? one.jt : one.jf;
                    break;
                default:  // BPF_RET | BPF_K
                    return one.k;
            }
        }
    }

  private:
    /// Jumps go forward by their nature, since their distances are unsigned.
    [[nodiscard]] bool is_sound(std::size_t i) const {
        const sock_filter& one = program_[i];
        const std::size_t after = program_.size() - i - 1;
        switch (one.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                return one.k % 4 == 0 && one.k < sizeof(seccomp_data);
            case BPF_JMP | BPF_JEQ | BPF_K:
                return one.jt < after && one.jf < after;
            case BPF_ALU | BPF_AND | BPF_K:
            case BPF_RET | BPF_K:
                return true;
            default:
                return false;
        }
    }

    std::span<const sock_filter> program_;
};

}  // namespace logfia::test
