#include "support/temp_dir.hpp"
#include <logfia/process/find_executable.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace logfia {
namespace {

/// PATH and the current directory are given back at the end.
class FindExecutable : public ::testing::Test {
  protected:
    FindExecutable() {
        if (const char* path = std::getenv("PATH")) path_ = path;
        for (const char* dir : {"a", "b"}) dir_.make_directory(dir);
    }
    ~FindExecutable() override {
        if (path_)
            setenv("PATH", path_->c_str(), 1);
        else
            unsetenv("PATH");
    }
    std::string make(const char* name, mode_t mode) {
        std::string path = dir_.file(name);
        EXPECT_EQ(chmod(path.c_str(), mode), 0);
        return path;
    }
    void search(const std::string& path) { setenv("PATH", path.c_str(), 1); }

    test::TempDir dir_;
    const std::string a_ = dir_.path("a");
    const std::string b_ = dir_.path("b");

  private:
    std::optional<std::string> path_;
};

TEST_F(FindExecutable, TheFirstExecutableFileOfPathCounts) {
    make("a/only-read", 0644);
    const std::string second = make("b/only-read", 0755);
    const std::string first = make("a/both", 0755);
    make("b/both", 0755);
    dir_.make_directory("a/folder");
    const std::string file = make("b/folder", 0700);
    search(dir_.path("missing") + ':' + a_ + ':' + b_);
    EXPECT_EQ(find_executable("only-read"), second);
    EXPECT_EQ(find_executable("both"), first);
    EXPECT_EQ(find_executable("folder"), file);
    EXPECT_EQ(find_executable("none"), std::nullopt);
    EXPECT_EQ(find_executable(""), std::nullopt);
}

TEST_F(FindExecutable, AWordWithASlashIsAPath) {
    search(a_);
    const std::string path = make("b/program", 0755);
    EXPECT_EQ(find_executable(path), path);
    EXPECT_EQ(find_executable("b/program"), std::nullopt) << "not below the directories of PATH";
    EXPECT_EQ(find_executable(make("b/text", 0644)), std::nullopt);
    EXPECT_EQ(find_executable(b_), std::nullopt);
    EXPECT_EQ(find_executable(dir_.path("b/missing")), std::nullopt);
}

TEST_F(FindExecutable, AnEmptyDirectoryIsTheCurrentOne) {
    const auto was = std::filesystem::current_path();
    make("b/program", 0755);
    ASSERT_EQ(chdir(b_.c_str()), 0);
    for (const std::string& path : {std::string(), a_ + ':', ':' + a_, a_ + "::" + a_}) {
        search(path);
        EXPECT_EQ(find_executable("program"), "program") << path;
    }
    search(a_);
    EXPECT_EQ(find_executable("program"), std::nullopt);
    ASSERT_EQ(chdir(was.c_str()), 0);
}

TEST_F(FindExecutable, WithoutPathTheSystemsDirectoriesAreSearched) {
    unsetenv("PATH");
    EXPECT_THAT(find_executable("sh").value_or(""), ::testing::EndsWith("/bin/sh"));
}

}  // namespace
}  // namespace logfia
