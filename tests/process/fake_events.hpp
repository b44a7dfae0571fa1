#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/process/process_events.hpp>

#include <sys/eventfd.h>

#include <deque>
#include <utility>
#include <vector>

namespace logfia::test {

/// News of processes that a test tells, a few with each reading.
class FakeEvents final : public ProcessEvents {
  public:
    static constexpr int kAtOnce = 4;

    void fork(pid_t pid, pid_t parent) { tell({ProcessEvent::Kind::fork, pid, parent}); }
    void exec(pid_t pid) { tell({ProcessEvent::Kind::exec, pid, 0}); }
    void exit(pid_t pid, int code) {
        ProcessEvent one{ProcessEvent::Kind::exit, pid, 0};
        one.exit_code = code;
        tell(one);
    }
    /// What comes is dropped until all that was told before is read.
    void overflow() {
        overflowed_ = true;
        eventfd_write(fd_.get(), 1);
    }
    [[nodiscard]] std::size_t unread() const { return news_.size(); }

    [[nodiscard]] int fd() const override { return fd_.get(); }
    Reading read(std::vector<ProcessEvent>& out) override {
        if (std::exchange(overflowed_, false)) return Reading::overflowed;
        for (int i = 0; i < kAtOnce; ++i) {
            if (news_.empty()) {
                eventfd_t told = 0;
                eventfd_read(fd_.get(), &told);
                return Reading::complete;
            }
            out.push_back(news_.front());
            news_.pop_front();
        }
        return Reading::more;
    }
    void hear_names(bool) override {}

  private:
    void tell(const ProcessEvent& one) {
        news_.push_back(one);
        eventfd_write(fd_.get(), 1);
    }

    UniqueFd fd_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    std::deque<ProcessEvent> news_;
    bool overflowed_ = false;
};

}  // namespace logfia::test
