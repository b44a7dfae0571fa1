#pragma once

#include <dirent.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace logfia {

/// Calls `visit(number)` for each numeric name in an open directory until it returns true.
template <class Visit>
bool any_number_in(int dir_fd, Visit visit) {
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t got = getdents64(dir_fd, buffer.data(), buffer.size());
        if (got <= 0) return false;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            const char* record = buffer.data() + at;
            unsigned short length = 0;
            std::memcpy(&length, record + offsetof(dirent64, d_reclen), sizeof length);
            at += length;
            const int number = std::atoi(record + offsetof(dirent64, d_name));
            if (number > 0 && visit(number)) return true;
        }
    }
}

}  // namespace logfia
