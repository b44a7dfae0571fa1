#include <logfia/process/find_executable.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace logfia {
namespace {

/// With the effective IDs, which count for an exec; access(2) takes the real ones.
bool is_executable(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

}  // namespace

std::optional<std::string> find_executable(const std::string& word) {
    if (word.find('/') != std::string::npos)
        return is_executable(word) ? std::optional(word) : std::nullopt;
    if (word.empty()) return std::nullopt;
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "/bin:/usr/bin" : path;
    for (;;) {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        // An empty directory is the current one.
        std::string file(rest.substr(0, colon));
        if (!file.empty()) file += '/';
        file += word;
        if (is_executable(file)) return file;
        if (colon == rest.size()) return std::nullopt;
        rest.remove_prefix(colon + 1);
    }
}

}  // namespace logfia
