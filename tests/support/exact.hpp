#pragma once

#include "support/record_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace logfia::test {

/// The text on standard error, but for the notice that an older kernel is slower.
std::string unusual_errors(std::string errors);

/// Tests of `-X`, skipped where the kernel does not hand over system calls.
class ExactTest : public testing::Test {
  protected:
    void SetUp() override;

    /// `-X -n`, these options, and the command.
    static std::vector<std::string> words(const std::vector<std::string>& options,
                                          const std::vector<std::string>& command);
    /// fd_truth in this mode, its truth in `directory_`.
    [[nodiscard]] std::vector<std::string> truth_command(const std::string& mode, int count) const;
    [[nodiscard]] std::string truth_path() const { return directory_.path("truth"); }

    TempDir directory_;
    RecordFile records_{directory_.path("records")};
};

/// fd_maker under `-X -n -j`, its records in a file.
class ExactMaker {
  public:
    explicit ExactMaker(std::vector<std::string> options = {"-j"});
    FdMaker& maker() { return *maker_; }
    /// Waits for the record of something that fd_maker did when it was asked to: the dynamic linker
    /// had the same numbers before.
    JsonRecord next(std::string_view event, int fd) const;
    [[nodiscard]] const RecordFile& file() const { return file_; }
    int end() { return maker_->end(); }

  private:
    TempDir directory_;
    RecordFile file_{directory_.path("records")};
    std::optional<FdMaker> maker_;
    std::string begun_;  ///< as times are written
};

}  // namespace logfia::test
