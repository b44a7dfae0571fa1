#pragma once

#include <dirent.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <span>

namespace logfia::bench {

/// Calls `visit` with each number in `/proc/N/fd`, by the fewest calls that there can be.
template <class Visit>
void for_each_number(int fd_dir, std::span<char> buffer, Visit visit) {
    lseek(fd_dir, 0, SEEK_SET);
    ssize_t got = 0;
    while ((got = getdents64(fd_dir, buffer.data(), buffer.size())) > 0) {
        for (ssize_t at = 0; at < got;) {
            const char* record = buffer.data() + at;
            unsigned short length = 0;
            std::memcpy(&length, record + offsetof(dirent64, d_reclen), sizeof length);
            at += length;
            const char* number = record + offsetof(dirent64, d_name);
            if (*number != '.') visit(number);
        }
    }
}

}  // namespace logfia::bench
