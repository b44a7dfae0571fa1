#pragma once

#include <logfia/base/unique_fd.hpp>

#include <string>
#include <string_view>

namespace logfia::test {

/// A directory of its own under TMPDIR (or /tmp), removed with all that is in it.
class TempDir {
  public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    /// The path of `name` in it; nothing is made.
    [[nodiscard]] std::string path(std::string_view name) const;
    /// Makes the file, with this content, and gives its path.
    std::string file(std::string_view name, std::string_view content = {}) const;
    /// Makes a file of that name; `name` may hold slashes, and the directories on its way are made.
    void write(std::string_view name, std::string_view content) const;
    void make_directory(std::string_view name) const;
    /// A descriptor (O_PATH) of it that lives as long.
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// Makes it (and itself) writable for every user: a child may run as another one.
    void open_to_all() const;

  private:
    std::string path_;
    UniqueFd fd_;
};

/// Throws std::system_error, which fails the test that called.
void write_file(const std::string& path, std::string_view content);

}  // namespace logfia::test
