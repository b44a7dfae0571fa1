#include "support/other_memory.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>

namespace logfia::test {

std::string text_in(pid_t pid, std::uint64_t address) {
    constexpr std::size_t kPage = 4096;
    std::array<char, 256> bytes{};
    const std::size_t wanted = bytes.size() - 1;
    // The next page may not be there: what is read before it counts then (process_vm_readv(2)).
    const std::size_t in_page = std::min<std::size_t>(wanted, kPage - address % kPage);
    const iovec here{bytes.data(), wanted};
    const std::array<iovec, 2> there{
        {{reinterpret_cast<void*>(address), in_page},
         {reinterpret_cast<void*>(address + in_page), wanted - in_page}}};
    if (process_vm_readv(pid, &here, 1, there.data(), there.size(), 0) < 0) return "?";
    return bytes.data();
}

}  // namespace logfia::test
