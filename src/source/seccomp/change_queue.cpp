#include <logfia/source/seccomp/change_queue.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace logfia {

std::size_t size_of(const Change& change) {
    std::size_t size = sizeof(Change);
    if (const auto* opened = std::get_if<DescriptorOpened>(&change.what))
        size += opened->descriptor.name.capacity();
    else if (const auto* renamed = std::get_if<DescriptorRenamed>(&change.what))
        size += renamed->descriptor.name.capacity();
    else if (const auto* details = std::get_if<DetailsLearned>(&change.what))
        size += details->socket != nullptr ? sizeof(SocketInfo) : 0;
    return size;
}

Result<std::unique_ptr<ChangeQueue>> ChangeQueue::create() {
    UniqueFd wake_up(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_up) return Error{"watch", "the calls of a command", errno, {}};
    return std::unique_ptr<ChangeQueue>(new ChangeQueue(std::move(wake_up)));
}

void ChangeQueue::push(Change change) {
    const std::lock_guard lock(mutex_);
    bytes_ += size_of(change);
    batch_.changes.push_back(std::move(change));
}

void ChangeQueue::settled_until(SteadyTime time) {
    const std::lock_guard lock(mutex_);
    batch_.settled_until = time;
}

void ChangeQueue::finish() {
    const std::lock_guard lock(mutex_);
    batch_.finished = true;
    wake_locked();
}

std::size_t ChangeQueue::waiting() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

void ChangeQueue::wake() {
    const std::lock_guard lock(mutex_);
    if (!batch_.changes.empty()) wake_locked();
}

void ChangeQueue::wake_locked() {
    if (!std::exchange(reader_waits_, false)) return;
    const std::uint64_t one = 1;
    // Nothing but a full counter could make this fail, and then the reader wakes up anyway.
    [[maybe_unused]] const ssize_t written = write(wake_up_.get(), &one, sizeof one);
}

ChangeQueue::Batch ChangeQueue::take() {
    const std::lock_guard lock(mutex_);
    note_wake_up_locked();
    Batch batch;
    batch.changes.swap(batch_.changes);
    batch.settled_until = batch_.settled_until;
    batch.finished = batch_.finished;
    return batch;
}

void ChangeQueue::done(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ -= bytes;
}

void ChangeQueue::note_wake_up() {
    const std::lock_guard lock(mutex_);
    note_wake_up_locked();
}

void ChangeQueue::note_wake_up_locked() {
    if (std::exchange(reader_waits_, false)) return;  // nobody has woken the reader
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(wake_up_.get(), &count, sizeof count);
}

void ChangeQueue::wait_for_wake_up() {
    const std::lock_guard lock(mutex_);
    reader_waits_ = true;
    if (!batch_.changes.empty() || batch_.finished) wake_locked();
}

}  // namespace logfia
