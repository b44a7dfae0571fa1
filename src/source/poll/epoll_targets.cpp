#include <logfia/base/trim.hpp>
#include <logfia/source/poll/epoll_targets.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace logfia {
namespace {

using Outcome = BlockingRequest::Outcome;

constexpr std::size_t kAtOnce = 128;  // questions: ten thousand need no memory that stays

}  // namespace

void EpollTargets::ask(WatchedProcess& watched, std::uint32_t slot, SteadyTime now) {
    // While a thread is still blocked, another thread would only be blocked too.
    const Stall& stall = watched.target_stall;
    if (stall.has_been() && (stall.holds(now) || asker_.is_kept_waiting_by(watched.actor.number)))
        return;
    pending_.push_back({&watched, slot});
}

void EpollTargets::answer(const ProcRoot& root, SteadyTime now) {
    for (std::span<const Pending> rest = pending_; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), kAtOnce));
        rest = rest.subspan(some.size());
        requests_.clear();
        for (const Pending& pending : some) {
            BlockingRequest& request = requests_.emplace_back();
            request.fd = pending.process->known[pending.slot].descriptor.fd;
            request.proc_fd = root.fd();
            request.process = pending.process->process.path();
            request.question = BlockingRequest::Question::targets;
            request.owner = pending.process->actor.number;
        }
        asker_.ask(requests_);
        for (std::size_t i = 0; i < some.size(); ++i) use(some[i], requests_[i], now);
    }
    clear_and_trim(pending_);
}

void EpollTargets::use(const Pending& pending, BlockingRequest& request, SteadyTime now) {
    if (request.outcome == Outcome::stuck) pending.process->target_stall.note(now);
    if (request.outcome != Outcome::answered) return;
    Descriptor& descriptor = pending.process->known[pending.slot].descriptor;
    if (request.info.flags) {
        descriptor.flags = *request.info.flags;
        descriptor.access = access_of(*request.info.flags);
    }
    if (!request.object)
        descriptor.object = nullptr;
    else if (!descriptor.object || *descriptor.object != *request.object)
        descriptor.object = std::make_shared<const ObjectInfo>(std::move(*request.object));
}

}  // namespace logfia
