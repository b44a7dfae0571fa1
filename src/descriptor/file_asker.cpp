#include <logfia/descriptor/file_asker.hpp>

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace logfia {

FileAsker::FileAsker(const ProcRoot& root, Handles handles)
    : proc_fd_(root.fd()),
      handles_(handles),
      own_links_(openat(root.fd(), "self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    // The procfs may be another than ours, which does not show us.
    if (!own_links_) own_links_.reset(open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool FileAsker::may_ask(const Process& process, SteadyTime now) const {
    if (stalls_.empty()) return true;
    const auto at = stalls_.find(&process);
    if (at == stalls_.end()) return true;
    return !at->second.stall.holds(now) && !asker_.is_kept_waiting_by(at->second.turn);
}

std::size_t FileAsker::add(const Process& process, int fd) {
    BlockingRequest& request = requests_.emplace_back();
    request.fd = fd;
    request.proc_fd = proc_fd_;
    request.question = BlockingRequest::Question::file;
    request.owner = turn_;
    request.about = {process.fd_dir(), own_links_.get(), handles_ == Handles::wanted};
    return requests_.size() - 1;
}

void FileAsker::answer(const Process& process, SteadyTime now) {
    if (requests_.empty()) return;
    asker_.ask(requests_);
    const bool stuck =
        std::any_of(requests_.begin(), requests_.end(), [](const BlockingRequest& request) {
            return request.outcome == BlockingRequest::Outcome::stuck;
        });
    // A stall costs the looks time, and leaves a blocked thread behind.
    if (stuck) {
        Stalled& stalled = stalls_[&process];
        stalled.stall.note(now);
        stalled.turn = turn_;
    }
    ++turn_;
}

const char* FileAsker::new_notice() {
    const bool told = std::exchange(exhaustion_told_, asker_.exhausted());
    if (told || !exhaustion_told_) return nullptr;
    return "the kernel is holding up too many of logfia's queries: until it answers some, no "
           "file is examined";
}

}  // namespace logfia
