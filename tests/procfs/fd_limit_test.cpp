#include <logfia/base/unique_fd.hpp>
#include <logfia/procfs/fd_limit.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace logfia {
namespace {

constexpr const char* kHead =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max core file size        0                    unlimited            bytes     \n";

TEST(FdLimit, IsTheSoftOne) {
    EXPECT_EQ(parse_fd_limit(std::string(kHead) +
                             "Max open files            1024                 524288               "
                             "files     \nMax locked memory  8 8 bytes\n"),
              1024U);
}

TEST(FdLimit, WhatDoesNotTellItIsAbsent) {
    for (const char* line :
         {"", "Max open files", "Max open files \n",
          "Max open files   unlimited  unlimited files\n", "Max open files  -1  2 files\n",
          "Max open filesystems 7 7 files\n", "Max open files  1024"}) {
        EXPECT_EQ(parse_fd_limit(std::string(kHead) + line), std::nullopt) << line;
    }
}

TEST(FdLimit, OfARealProcess) {
    const UniqueFd self(open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(read_fd_limit(self.get()), limit.rlim_cur);
    EXPECT_EQ(read_fd_limit(-1), std::nullopt);
}

}  // namespace
}  // namespace logfia
