#include <logfia/base/deleted_suffix.hpp>
#include <logfia/process/process_list.hpp>
#include <logfia/procfs/numbered_dir.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/procfs/proc_stat.hpp>

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string_view>

namespace logfia {

bool matches_any(const std::vector<std::string>& patterns, const std::string& name) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
    });
}

ProcessListing list_processes(const ProcRoot& root, std::vector<pid_t>& out) {
    // Opens a directory of its own: a listing moves the position of the one that is held.
    const UniqueFd dir(openat(root.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!dir) return {ProcessListing::State::failed, errno};
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    any_number_in(dir.get(), [&](int pid) {
        out.push_back(pid);
        return false;
    });
    if (!std::is_sorted(out.begin() + first, out.end())) std::sort(out.begin() + first, out.end());
    return {};
}

Reading<ProcessFacts> read_facts(const ProcRoot& root, pid_t pid) {
    std::array<char, 1024> buffer;
    const FileText text = read_piece(root.fd(), proc_path("{}/stat", pid).data(), buffer);
    const auto stat = parse_proc_stat(text);
    if (!stat) {
        // Whether a process is gone can be found out without a descriptor.
        struct stat status {};
        const bool is_known_gone =
            is_lacking(text.error) &&
            fstatat(root.fd(), proc_path("{}", pid).data(), &status, 0) != 0 && is_gone(errno);
        return Reading<ProcessFacts>::failed(is_known_gone ? errno : text.error);
    }
    return ProcessFacts{pid,
                        stat->parent,
                        stat->comm,
                        stat->start_time,
                        stat->is_kernel_thread(),
                        stat->is_ending() && stat->threads <= 1};
}

bool lives(const ProcRoot& root, pid_t pid, std::uint64_t start_time) {
    const auto facts = read_facts(root, pid);
    if (!facts) return facts.error() != 0 && !is_gone(facts.error());
    return !facts->zombie && (start_time == 0 || start_time == facts->start_time);
}

Reading<uid_t> user_of(const ProcRoot& root, pid_t pid) {
    std::array<char, 1024> buffer;  // `Uid:` stands before the groups, which may be many
    const FileText text = read_piece(root.fd(), proc_path("{}/status", pid).data(), buffer);
    const auto user = parse_proc_status(text).euid;
    return user ? Reading<uid_t>(*user) : Reading<uid_t>::failed(text.error);
}

Reading<std::string> executable_of(const ProcRoot& root, pid_t pid) {
    std::array<char, PATH_MAX> link;
    const ProcPath path = proc_path("{}/exe", pid);
    const ssize_t length = readlinkat(root.fd(), path.data(), link.data(), link.size());
    if (length < 0) return Reading<std::string>::failed(errno);
    return std::string(program_name({link.data(), static_cast<std::size_t>(length)}));
}

std::string_view program_name(std::string_view exe) {
    exe = without_deleted_suffix(exe);
    return exe.substr(exe.rfind('/') + 1);
}

Reading<bool> is_named(const ProcRoot& root, const ProcessFacts& facts,
                       const std::vector<std::string>& patterns) {
    if (matches_any(patterns, facts.comm)) return true;
    const auto executable = executable_of(root, facts.pid);
    if (!executable) return Reading<bool>::failed(executable.error());
    return !executable->empty() && matches_any(patterns, *executable);
}

}  // namespace logfia
