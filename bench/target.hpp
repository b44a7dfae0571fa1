#pragma once

#include <sys/types.h>

#include <functional>

namespace logfia::bench {

/// A child process; it ends with its owner.
class Child {
  public:
    /// Forks; the child runs `work` and exits.
    explicit Child(const std::function<void()>& work);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    pid_t pid_ = -1;
};

/// A child that sleeps: what is watched.
class Target {
  public:
    /// Returns when the child has run `prepare`.
    explicit Target(const std::function<void()>& prepare);

    [[nodiscard]] pid_t pid() const { return child_.pid(); }

  private:
    int ready_[2];
    Child child_;
};

/// Ends a target, with the reason, where `what` has not worked.
void check(bool worked, const char* what);

/// Memory of the process that is resident now.
long resident_kib(pid_t pid);

/// Opens descriptors until `count` are open: of ten, six files, two ends of pipes, a connected
/// socket's two ends.
void open_mixed(int count);

/// Raises the soft limit of open files to the hard one; says what it is.
long raise_file_limit();

}  // namespace logfia::bench
