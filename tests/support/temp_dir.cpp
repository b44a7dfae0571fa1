#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace logfia::test {

TempDir::TempDir() {
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/logfia-test-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), "mkdtemp " + path_);
    fd_.reset(open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::path(std::string_view name) const {
    return path_ + '/' + std::string(name);
}

std::string TempDir::file(std::string_view name, std::string_view content) const {
    write_file(path(name), content);
    return path(name);
}

void TempDir::write(std::string_view name, std::string_view content) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    write_file(path(name), content);
}

void TempDir::make_directory(std::string_view name) const {
    std::filesystem::create_directories(path(name));
}

void TempDir::open_to_all() const {
    if (chmod(path_.c_str(), 0777) < 0)
        throw std::system_error(errno, std::generic_category(), "chmod " + path_);
}

void write_file(const std::string& path, std::string_view content) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) throw std::system_error(errno, std::generic_category(), "write " + path);
}

}  // namespace logfia::test
