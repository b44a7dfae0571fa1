#include <logfia/base/unique_fd.hpp>
#include <logfia/procfs/internal_mounts.hpp>
#include <logfia/procfs/object_info.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/socket/blocking_questions.hpp>
#include <logfia/socket/socket_type_hint.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace logfia {
namespace {

using Outcome = BlockingRequest::Outcome;
using Question = BlockingRequest::Question;

/// The domain of the socket; absent when it is another one, or no socket.
std::optional<int> domain_of_socket(int fd, std::uint64_t inode) {
    // The number may be a file's by now: fstat(2) could wait for its filesystem, getsockopt(2) does
    // not.
    int domain = 0;
    socklen_t size = sizeof domain;
    struct stat status {};
    const bool is_it = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
                       fstat(fd, &status) == 0 && status.st_ino == inode;
    return is_it ? std::optional(domain) : std::nullopt;
}

/// An answer may be about another file that had the number by then: the link tells, without asking
/// a filesystem.
bool is_still(const BlockingRequest& request, std::string_view name) {
    std::array<char, 64> link;
    const ProcPath path = proc_path("{}/fd/{}", request.process.data(), request.fd);
    const ssize_t length = readlinkat(request.proc_fd, path.data(), link.data(), link.size());
    return length >= 0 && std::string_view(link.data(), static_cast<std::size_t>(length)) == name;
}

}  // namespace

std::optional<SocketAnswer> ask_copy(int fd, const BlockingRequest& request) {
    const auto domain = domain_of_socket(fd, request.inode);
    if (!domain) return std::nullopt;
    if (request.question == Question::totals) {
        auto status = ask_tcp_status(fd);
        if (!status) return std::nullopt;
        SocketAnswer answer;
        answer.info.state = status->state;
        answer.totals = status->totals;
        return answer;
    }
    SocketAnswer answer = ask_socket(
        fd, *domain, request.question == Question::all ? TcpDetails::left_out : TcpDetails::wanted);
    // A process is no peer of itself (SocketProbe::describe()): its name need not be read.
    const auto& peer = answer.info.peer;
    if (peer && std::string_view(request.process.data()) != proc_path("{}", peer->pid).data())
        answer.info.peer = unix_peer(fd, peer->pid, request.proc_fd);
    return answer;
}

void ask_hint(BlockingRequest& request) {
    const SocketHint hint = socket_type_hint(request.proc_fd, request.process.data(), request.fd);
    if (!is_still(request, proc_path("socket:[{}]", request.inode).data())) {
        request.outcome = Outcome::closed;
        return;
    }
    request.answer.type = hint.type;
    request.answer.info.family = hint.family;
    request.outcome = Outcome::answered;
}

void ask_targets(BlockingRequest& request, std::vector<char>& buffer) {
    buffer.resize(128 * ObjectInfo::kMaxTargets);
    const ProcPath path = proc_path("{}/fdinfo/{}", request.process.data(), request.fd);
    const std::string_view bytes = read_piece(request.proc_fd, path.data(), buffer);
    const FdInfo info = parse_fd_info(bytes);
    static const auto inode = shared_anonymous_inode();
    const bool is_epoll = info.flags && access_of(*info.flags) == Access::read_write &&
                          (!info.inode || !inode || info.inode == inode) &&
                          is_still(request, "anon_inode:[eventpoll]");
    request.outcome = is_epoll ? Outcome::answered : Outcome::closed;
    if (!is_epoll) return;
    request.info = info;
    request.object = parse_object_info(FdType::epoll, bytes);
}

void ask_program(BlockingRequest& request) {
    const ProcPath path = proc_path("{}/exe", request.process.data());
    const UniqueFd program(openat(request.proc_fd, path.data(), O_PATH | O_CLOEXEC));
    if (program) request.program = read_program_file(program.get());
    request.outcome = request.program ? Outcome::answered : Outcome::failed;
}

}  // namespace logfia
