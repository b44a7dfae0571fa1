#include <logfia/source/seccomp/kernel_support.hpp>
#include <logfia/source/seccomp/listener.hpp>

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace logfia {
namespace {

constexpr std::size_t kPageSize = 4096;
/// SECCOMP_IOCTL_NOTIF_SET_FLAGS and SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP of Linux 6.6, which older
/// headers lack.
constexpr unsigned long kSetFlags = _IOW('!', 4, std::uint64_t);
constexpr unsigned long kSyncWakeUp = 1;
/// So many calls of one thread in a row, and the two sides take turns on one CPU. With several
/// callers that would pack all of them onto it: `make -j2` took 1.77 times as long instead of 1.43.
constexpr unsigned kAlone = 16;
/// A caller that still stands after so many answers gets none from us.
constexpr int kMostTries = 16;

}  // namespace

Result<NoticePage> NoticePage::create() {
    const Error failure{"watch", "the calls of a command", 0, {}};
    seccomp_notif_sizes sizes{};
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0)
        return Error{failure.operation, failure.subject, errno, "--exact needs Linux 5.19"};
    if (sizes.seccomp_notif > kPageSize || sizes.seccomp_notif_resp > sizeof(seccomp_notif_resp))
        return Error{failure.operation, failure.subject, 0,
                     "the kernel's notifications are larger than this version knows"};
    void* memory =
        mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return Error{failure.operation, failure.subject, errno, {}};
    return NoticePage(memory);
}

NoticePage::~NoticePage() {
    if (memory_ != nullptr) munmap(memory_, kPageSize);
}

void NoticePage::clear() const {
    std::memset(memory_, 0, sizeof(seccomp_notif));
}

bool let_go_on(int listener, std::uint64_t id) {
    seccomp_notif_resp response{};
    response.id = id;
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    int sent = 0;
    do {
        sent = ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    } while (sent != 0 && errno == EINTR);
    return sent == 0;
}

Listener::Listener(UniqueFd listener, const NoticePage& page)
    : listener_(std::move(listener)),
      page_(page),
      hands_over_(can_wake_synchronously(listener_.get())) {}

bool Listener::receive() {
    page_.clear();
    if (ioctl(fd(), SECCOMP_IOCTL_NOTIF_RECV, &page_.notification()) != 0) return false;
    choose_wake_up();
    return true;
}

void Listener::choose_wake_up() {
    const auto caller = static_cast<pid_t>(call().pid);
    in_a_row_ = caller == caller_ ? in_a_row_ + 1 : 0;
    caller_ = caller;
    const bool wanted = hands_over_ && in_a_row_ >= kAlone;
    if (wanted == is_handing_over_) return;
    is_handing_over_ = wanted;
    ioctl(fd(), kSetFlags, wanted ? kSyncWakeUp : 0UL);
}

bool Listener::still_stands() const {
    return ioctl(fd(), SECCOMP_IOCTL_NOTIF_ID_VALID, &page_.notification().id) == 0 ||
           errno != ENOENT;
}

Listener::Answer Listener::let_go_on() const {
    for (int tries = 0; tries < kMostTries; ++tries) {
        if (logfia::let_go_on(fd(), call().id)) return Answer::goes_on;
        if (!still_stands()) return Answer::gone;
    }
    return Answer::failed;
}

}  // namespace logfia
