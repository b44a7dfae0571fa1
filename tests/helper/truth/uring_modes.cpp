// Descriptors that are made and dropped within an io_uring, by no system call of their own. Without
// a library: a ring of one entry at a time.

#include "modes.hpp"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace fd_truth {
namespace {

constexpr int kSkipped = 77;  ///< the status that says: not here

class Ring {
  public:
    Ring() {
        fd_ = made([this] { return syscall(SYS_io_uring_setup, 1, &parameters_); });
        if (fd_ < 0) _exit(kSkipped);
        submitted_ = map(parameters_.sq_off.array + sizeof(unsigned), IORING_OFF_SQ_RING);
        completed_ = map(parameters_.cq_off.cqes + 2 * sizeof(io_uring_cqe), IORING_OFF_CQ_RING);
        entries_ = map(sizeof(io_uring_sqe), IORING_OFF_SQES);
    }
    /// Runs one call to its end, and gives its result.
    int run(const io_uring_sqe& call) {
        std::memcpy(entries_, &call, sizeof call);
        *at(submitted_, parameters_.sq_off.array) = 0;
        auto* const tail = at(submitted_, parameters_.sq_off.tail);
        __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
        if (syscall(SYS_io_uring_enter, fd_, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0) != 1)
            _exit(kSkipped);
        auto* const head = at(completed_, parameters_.cq_off.head);
        const unsigned slot = *head & *at(completed_, parameters_.cq_off.ring_mask);
        io_uring_cqe answer{};
        std::memcpy(&answer, completed_ + parameters_.cq_off.cqes + slot * sizeof(io_uring_cqe),
                    sizeof answer);
        __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
        return answer.res;
    }

  private:
    char* map(std::size_t size, unsigned long long what) {
        void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                                  fd_, static_cast<off_t>(what));
        if (memory == MAP_FAILED) die("mmap");
        return static_cast<char*>(memory);
    }
    static unsigned* at(char* ring, unsigned offset) {
        return reinterpret_cast<unsigned*>(ring + offset);
    }

    io_uring_params parameters_{};
    int fd_ = -1;
    char* submitted_ = nullptr;
    char* completed_ = nullptr;
    char* entries_ = nullptr;
};

int open_by(Ring& ring, const char* path) {
    io_uring_sqe call{};
    call.opcode = IORING_OP_OPENAT;
    call.fd = AT_FDCWD;
    call.addr = reinterpret_cast<std::uintptr_t>(path);
    call.open_flags = O_RDONLY;
    return ring.run(call);
}

int close_by(Ring& ring, int fd) {
    io_uring_sqe call{};
    call.opcode = IORING_OP_CLOSE;
    call.fd = fd;
    return ring.run(call);
}

/// In turn closed by the ring and by close(2). Not in the truth: nobody can know all of them.
void uring(long count) {
    Ring ring;
    for (long i = 0; i < count; ++i) {
        const int fd = open_by(ring, FileName(i).path());
        if (fd < 0) _exit(kSkipped);
        if (i % 2 == 0)
            must(close_by(ring, fd), "close by the ring");
        else
            must(close(fd), "close");
        drop(open_file(FileName(i + 1).path(), O_RDONLY));
    }
}

constexpr std::array kModes{Mode{"uring", uring}};

}  // namespace

std::span<const Mode> uring_modes() {
    return kModes;
}

}  // namespace fd_truth
