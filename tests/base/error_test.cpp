#include <logfia/base/error.hpp>

#include <gtest/gtest.h>

#include <cerrno>

namespace logfia {
namespace {

TEST(Errors, AreDescribedByWhatIsKnownOfThem) {
    EXPECT_EQ(describe({"open", "/proc", ENOENT, "mount it"}),
              "open /proc: No such file or directory; mount it");
    EXPECT_EQ(describe({"open", "/proc", ENOENT, {}}), "open /proc: No such file or directory");
    EXPECT_EQ(describe({"watch", "process 42", 0, "it is a thread"}),
              "watch process 42: it is a thread");
}

TEST(Errors, ShowAnEmptyWordAsOne) {
    EXPECT_EQ(describe({"run", "", ENOENT, {}}), "run '': No such file or directory");
}

}  // namespace
}  // namespace logfia
