// Tests of the harness that makes system calls fail.

#include "support/other_memory.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace logfia::test {
namespace {

/// Two pages, the second of which may be closed to everybody.
class TwoPages {
  public:
    TwoPages()
        : begin_(static_cast<char*>(mmap(nullptr, 2 * size_, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
    ~TwoPages() { munmap(begin_, 2 * size_); }
    TwoPages(const TwoPages&) = delete;
    TwoPages& operator=(const TwoPages&) = delete;

    /// Copies the text to a place where this many bytes of it lie before the second page.
    std::uint64_t put(std::string_view text, std::size_t before) {
        char* const at = begin_ + size_ - before;
        std::copy(text.begin(), text.end(), at);
        return reinterpret_cast<std::uint64_t>(at);
    }
    void close_second() { mprotect(begin_ + size_, size_, PROT_NONE); }

  private:
    std::size_t size_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    char* begin_;
};

TEST(FaultyKernelTest, ReadsAPathThatGoesOverTheEndOfAPage) {
    constexpr std::string_view kPath = "10/task/10/children";
    for (std::size_t before = 1; before <= kPath.size(); ++before) {
        TwoPages pages;
        EXPECT_EQ(text_in(getpid(), pages.put(kPath, before)), kPath) << before;
    }
}

TEST(FaultyKernelTest, ReadsAPathAfterWhichNothingCanBeRead) {
    TwoPages pages;
    const auto at = pages.put("10/fd", 6);
    pages.close_second();
    EXPECT_EQ(text_in(getpid(), at), "10/fd");
    EXPECT_EQ(text_in(getpid(), at + 6), "?");
}

}  // namespace
}  // namespace logfia::test
