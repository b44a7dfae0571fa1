#include <logfia/process/descriptor_budget.hpp>
#include <logfia/source/seccomp/exact_watch.hpp>

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace logfia {
namespace {

/// So many are expected at one time, or as many as the limits allow.
constexpr std::size_t kProcesses = 4096;

}  // namespace

Result<std::unique_ptr<ExactWatch>> ExactWatch::create(ProcRoot root,
                                                       const Supervisor::Options& options) {
    auto page = NoticePage::create();
    if (!page) return page.error();
    auto guard = Guard::start(*page);
    if (!guard) return guard.error();
    auto queue = ChangeQueue::create();
    if (!queue) return queue.error();
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return Error{"watch", "the calls of a command", errno, {}};
    Sockets sockets{UniqueFd(ends[0]), UniqueFd(ends[1])};
    return std::unique_ptr<ExactWatch>(new ExactWatch(std::move(root), std::move(*page),
                                                      std::move(*guard), std::move(*queue),
                                                      std::move(sockets), options));
}

ExactWatch::ExactWatch(ProcRoot root, NoticePage page, Guard guard,
                       std::unique_ptr<ChangeQueue> queue, Sockets sockets,
                       const Supervisor::Options& options)
    : root_(std::move(root)),
      page_(std::move(page)),
      guard_(std::move(guard)),
      queue_(std::move(queue)),
      step_(options.count, std::move(sockets.childs), {sockets.ours.get(), guard_.socket()}),
      supervisor_({root_, page_, guard_, *queue_, std::move(sockets.ours)}, options) {}

Result<bool> ExactWatch::serve(pid_t command) {
    step_.let_go();
    // The command keeps the limit that it was started with.
    const DescriptorBudget raised(kProcesses);
    return supervisor_.start(command);
}

}  // namespace logfia
