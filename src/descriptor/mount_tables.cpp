#include <logfia/descriptor/mount_tables.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/procfs/proc_stat.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <functional>
#include <string_view>

namespace logfia {
namespace {

constexpr std::size_t kMostOfNamespace = 16;  // tables, as its processes may have other roots
constexpr std::size_t kMostUnlisted = 1024;
constexpr int kMostGenerations = 32;
constexpr std::size_t kMostAncestorTables = 8;  // the most that are read in one search

/// The text of a link below `dir_fd`; empty when it cannot be read.
std::string_view read_link(int dir_fd, const char* path, std::array<char, PATH_MAX>& buffer) {
    const ssize_t length = readlinkat(dir_fd, path, buffer.data(), buffer.size());
    return {buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

/// The number N of "mnt:[N]"; in a tree without namespaces, a number for each process alone.
std::uint64_t namespace_of(int process_dir, pid_t pid) {
    constexpr std::string_view kHead = "mnt:[";
    std::array<char, PATH_MAX> buffer;
    std::string_view text = read_link(process_dir, "ns/mnt", buffer);
    std::uint64_t number = 0;
    if (text.starts_with(kHead)) {
        text.remove_prefix(kHead.size());
        std::from_chars(text.data(), text.data() + text.size(), number);
    }
    return number != 0 ? number : (std::uint64_t{1} << 63) | static_cast<std::uint32_t>(pid);
}

std::uint64_t root_of(int process_dir) {
    std::array<char, PATH_MAX> buffer;
    return std::hash<std::string_view>{}(read_link(process_dir, "root", buffer));
}

/// The parent's PID; 0 when this procfs shows no parent.
pid_t parent_of(int process_dir) {
    std::array<char, 1024> buffer;
    const auto stat = parse_proc_stat(read_piece(process_dir, "stat", buffer));
    return stat ? stat->parent : 0;
}

void add_user(std::vector<const Process*>& users, const Process* user) {
    const auto at = std::lower_bound(users.begin(), users.end(), user, std::less<>());
    if (at == users.end() || *at != user) users.insert(at, user);
}

}  // namespace

MountTables::MountTables(const ProcRoot& root) : root_(root.fd()) {
    if (root.native()) own_.emplace(MountTable::of_ourselves(root_));
}

void MountTables::begin_look(SteadyTime now) {
    now_ = now;
    current_ = nullptr;
    let_go_idle(now);
}

void MountTables::let_go_idle(SteadyTime now) {
    if (now < next_idle_) return;
    next_idle_ = SteadyTime::max();
    std::erase_if(views_, [now](const View& view) { return now - view.used >= kIdle; });
    for (const View& view : views_) next_idle_ = std::min(next_idle_, view.used + kIdle);
}

void MountTables::forget(const Process& process) {
    if (current_ == &process) current_ = nullptr;
    std::erase_if(views_, [&](View& view) {
        std::erase(view.users, &process);
        return view.users.empty();
    });
}

void MountTables::enter(const Process& process) {
    if (current_ == &process) return;
    current_ = &process;
    ++round_;
    name_space_ = namespace_of(process.dir(), process.pid());
    if (now_ - unlisted_since_ >= kIdle || unlisted_.size() > kMostUnlisted) {
        unlisted_.clear();
        unlisted_since_ = now_;
    }
}

MountEntry MountTables::find(const Process& process, int mount_id) {
    enter(process);
    if (const auto found = find_held(mount_id, Whose::of_its_namespace)) return *found;
    if (own_) {
        if (std::exchange(own_round_, round_) != round_) own_->refresh();
        const MountEntry entry = own_->find(mount_id);
        if (entry.kind != MountKind::unlisted) return entry;
    }
    if (!unlisted_.contains({name_space_, mount_id})) {
        if (const auto found = search(mount_id)) return *found;
        unlisted_.insert({name_space_, mount_id});
    }
    return MountEntry{mount_id, MountKind::unlisted, {}};
}

std::optional<MountEntry> MountTables::search(int mount_id) {
    if (const auto found = find_held(mount_id, Whose::of_others)) return found;
    if (const auto found = find_anew(mount_id)) return found;
    return find_among_ancestors(mount_id);
}

std::optional<MountEntry> MountTables::find_in(View& view, int mount_id) {
    if (view.round != round_) {
        const auto before = view.table.times_read();
        view.table.refresh();
        view.round = round_;
        if (view.table.times_read() != before) unlisted_.clear();
    }
    const MountEntry entry = view.table.find(mount_id);
    if (entry.kind == MountKind::unlisted) return std::nullopt;
    view.used = now_;
    add_user(view.users, current_);
    return entry;
}

std::optional<MountEntry> MountTables::find_held(int mount_id, Whose whose) {
    for (View& view : views_) {
        if ((view.name_space == name_space_) != (whose == Whose::of_its_namespace)) continue;
        if (const auto found = find_in(view, mount_id)) return found;
    }
    return std::nullopt;
}

/// The process may have another root than when the table was opened, or than other processes in its
/// namespace.
std::optional<MountEntry> MountTables::find_anew(int mount_id) {
    View view = view_of(current_->dir(), name_space_);
    const auto found = find_in(view, mount_id);
    const bool first = std::none_of(views_.begin(), views_.end(), [&](const View& held) {
        return held.name_space == name_space_;
    });
    if (found || first) hold(std::move(view));
    return found;
}

/// A process that has handed on a file has it from its own namespace, or from its own parent.
std::optional<MountEntry> MountTables::find_among_ancestors(int mount_id) {
    std::vector<Viewpoint> asked{{name_space_, root_of(current_->dir())}};
    pid_t pid = parent_of(current_->dir());
    bool last = false;
    for (int i = 0; i < kMostGenerations && !last && asked.size() <= kMostAncestorTables; ++i) {
        if (pid <= 1) pid = 1;  // also the one that adopts, where the chain ends elsewhere
        last = pid == 1;
        const pid_t ancestor = std::exchange(pid, 1);
        const UniqueFd dir(
            openat(root_, proc_path("{}", ancestor).data(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!dir) continue;
        pid = parent_of(dir.get());
        const Viewpoint viewpoint{namespace_of(dir.get(), ancestor), root_of(dir.get())};
        if (std::find(asked.begin(), asked.end(), viewpoint) != asked.end()) continue;
        asked.push_back(viewpoint);
        View view = view_of(dir.get(), viewpoint.name_space);
        const auto found = find_in(view, mount_id);
        if (!found) continue;
        hold(std::move(view));
        return found;
    }
    return std::nullopt;
}

MountTables::View MountTables::view_of(int process_dir, std::uint64_t name_space) {
    ++times_opened_;
    View view{name_space, MountTable::open(process_dir)};
    view.table.refresh();
    view.round = round_;
    return view;
}

void MountTables::hold(View view) {
    make_room(view.name_space);
    view.used = now_;
    add_user(view.users, current_);
    views_.push_back(std::move(view));
    next_idle_ = std::min(next_idle_, now_ + kIdle);
    unlisted_.clear();
}

/// A table that no longer lists anything is one whose root was unmounted.
void MountTables::make_room(std::uint64_t name_space) {
    std::erase_if(views_, [&](const View& view) {
        return view.name_space == name_space && view.table.size() == 0;
    });
    const auto is_of_it = [&](const View& view) { return view.name_space == name_space; };
    const auto count = std::count_if(views_.begin(), views_.end(), is_of_it);
    if (static_cast<std::size_t>(count) < kMostOfNamespace) return;
    const auto oldest =
        std::min_element(views_.begin(), views_.end(), [&](const View& a, const View& b) {
            return std::pair(!is_of_it(a), a.used) < std::pair(!is_of_it(b), b.used);
        });
    views_.erase(oldest);
}

}  // namespace logfia
