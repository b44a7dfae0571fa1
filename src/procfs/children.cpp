#include <logfia/base/fields.hpp>
#include <logfia/procfs/children.hpp>
#include <logfia/procfs/numbered_dir.hpp>
#include <logfia/procfs/proc_path.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace logfia {
namespace {

using State = ChildrenListing::State;

/// Reads the children of one thread.
ChildrenListing read_children(int dir_fd, const char* path, std::vector<pid_t>& out) {
    const UniqueFd file(openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file && is_lacking(errno)) return {State::failed, errno};
    if (!file) return {errno == ENOENT ? State::unsupported : State::listed, 0};
    std::array<char, 4096> buffer;
    std::size_t kept = 0;  // the beginning of a number that the last read has cut
    for (;;) {
        const ssize_t got = read(file.get(), buffer.data() + kept, buffer.size() - kept);
        if (got < 0 && is_lacking(errno)) return {State::failed, errno};
        if (got <= 0) return {};
        const std::string_view text(buffer.data(), kept + static_cast<std::size_t>(got));
        parse_children(text, out);
        const std::size_t space = text.rfind(' ');
        const std::string_view rest = text.substr(space == std::string_view::npos ? 0 : space + 1);
        kept = rest.size();
        if (kept == buffer.size()) return {};
        std::copy(rest.begin(), rest.end(), buffer.begin());
    }
}

/// Reads the children of all threads. A thread that has ended meanwhile fails with ENOENT, as every
/// thread does where the kernel lists no children: only when all threads fail is the kernel the
/// cause.
ChildrenListing read_children_of_threads(int tasks, std::vector<pid_t>& out) {
    bool any = false;
    bool some = false;
    ChildrenListing worst;
    any_number_in(tasks, [&](int thread) {
        some = true;
        const auto one = read_children(tasks, proc_path("{}/children", thread).data(), out);
        if (one.state == State::listed) any = true;
        if (one.state == State::failed) worst = one;
        return false;
    });
    if (worst.state == State::failed || any || !some) return worst;
    return {State::unsupported, 0};
}

}  // namespace

ChildrenListing append_children(const ProcRoot& root, pid_t pid, std::vector<pid_t>& out) {
    struct stat status {};
    const ProcPath task = proc_path("{}/task", pid);
    if (fstatat(root.fd(), task.data(), &status, 0) != 0)
        return {is_lacking(errno) ? State::failed : State::listed, errno};
    // task/ has a link for itself, one for its parent, and one for each thread.
    if (status.st_nlink == 3) {
        const auto listing =
            read_children(root.fd(), proc_path("{}/task/{}/children", pid, pid).data(), out);
        const bool gone =
            listing.state == State::unsupported && fstatat(root.fd(), task.data(), &status, 0) != 0;
        return gone ? ChildrenListing{} : listing;
    }
    const UniqueFd tasks(openat(root.fd(), task.data(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!tasks) return {is_lacking(errno) ? State::failed : State::listed, errno};
    return read_children_of_threads(tasks.get(), out);
}

void parse_children(std::string_view bytes, std::vector<pid_t>& out) {
    while (true) {
        const std::size_t space = bytes.find(' ');
        if (space == std::string_view::npos) return;
        const auto pid = parse_number<pid_t>(bytes.substr(0, space));
        if (!pid || *pid <= 0) return;
        out.push_back(*pid);
        bytes.remove_prefix(space + 1);
    }
}

}  // namespace logfia
