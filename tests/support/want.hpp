#pragma once

#include <linux/capability.h>
#include <sys/resource.h>

#include <array>

namespace logfia::test {

/// True where the kernel compares descriptor tables (kcmp(2); CONFIG_KCMP).
bool has_kcmp();

/// During its life this process can open nothing more: EMFILE.
class NoMoreDescriptors {
  public:
    NoMoreDescriptors();
    ~NoMoreDescriptors();
    NoMoreDescriptors(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;

  private:
    rlimit limit_{};
};

/// During its life root may open only what anybody may: the capabilities are put aside.
class NoOverride {
  public:
    NoOverride();
    ~NoOverride();
    NoOverride(const NoOverride&) = delete;
    NoOverride& operator=(const NoOverride&) = delete;

  private:
    std::array<__user_cap_data_struct, 2> before_{};
};

}  // namespace logfia::test
