#pragma once

#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstdint>
#include <utility>

namespace logfia {

/// Memory that is shared with every process forked after it was made. The kernel writes the
/// notification that is being answered straight into it, so that a guard knows which call stands
/// still when we are killed (Guard).
class NoticePage {
  public:
    /// Error when there is no memory, or when the kernel's structures are larger than the page
    /// (SECCOMP_GET_NOTIF_SIZES, seccomp(2)).
    static Result<NoticePage> create();
    NoticePage(NoticePage&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
    NoticePage& operator=(NoticePage&&) = delete;
    ~NoticePage();

    [[nodiscard]] seccomp_notif& notification() const {
        return *static_cast<seccomp_notif*>(memory_);
    }
    /// The kernel refuses a notification that is not all zero (seccomp_unotify(2)).
    void clear() const;

  private:
    explicit NoticePage(void* memory) : memory_(memory) {}

    void* memory_;
};

/// Lets the call with that id go on. False when the caller no longer waits for it, so that the call
/// has not happened. Async-signal-safe.
bool let_go_on(int listener, std::uint64_t id);

/// Receives the calls that stop for us, and lets them go on (seccomp_unotify(2)).
class Listener {
  public:
    /// `page` must outlive it.
    Listener(UniqueFd listener, const NoticePage& page);

    /// Readable when a call has stopped; hung up when nobody is left who could make one.
    [[nodiscard]] int fd() const { return listener_.get(); }

    /// False when there was none after all: its caller is gone.
    bool receive();
    /// The call that was received last.
    [[nodiscard]] const seccomp_notif& call() const { return page_.notification(); }
    /// True as long as its caller stands still: whatever was read of it until now was true.
    [[nodiscard]] bool still_stands() const;
    enum class Answer : std::uint8_t {
        goes_on,
        gone,    ///< the caller no longer waits, so that the call has not happened
        failed,  ///< the caller still waits
    };
    /// Lets the call go on.
    [[nodiscard]] Answer let_go_on() const;

    /// False: the kernel is older than 6.6, and each call costs two more changes of the CPU.
    [[nodiscard]] bool hands_over_cpu() const { return hands_over_; }

  private:
    void choose_wake_up();

    UniqueFd listener_;
    const NoticePage& page_;
    bool hands_over_ = false;
    bool is_handing_over_ = false;
    pid_t caller_ = 0;  // of the calls received last
    unsigned in_a_row_ = 0;
};

}  // namespace logfia
