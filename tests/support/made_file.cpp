#include "support/made_file.hpp"

#include "support/temp_dir.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace logfia::test {

std::string made_file(std::string_view name) {
    static const TempDir directory;
    directory.open_to_all();
    std::string path = directory.path(name);
    if (access(path.c_str(), F_OK) == 0) return path;
    write_file(path, "made by a test\n");
    if (chmod(path.c_str(), 0644) != 0)
        throw std::system_error(errno, std::generic_category(), "chmod " + path);
    return path;
}

std::string with_made_files(std::string_view text) {
    std::string out;
    for (;;) {
        const std::size_t begin = text.find('{');
        const std::size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
        if (end == std::string_view::npos) return out.append(text);
        out.append(text, 0, begin);
        out += made_file(text.substr(begin + 1, end - begin - 1));
        text.remove_prefix(end + 1);
    }
}

}  // namespace logfia::test
