#include <logfia/base/deleted_suffix.hpp>
#include <logfia/base/error.hpp>
#include <logfia/descriptor/describer.hpp>
#include <logfia/descriptor/file_facts.hpp>
#include <logfia/procfs/fd_info.hpp>
#include <logfia/procfs/object_info.hpp>
#include <logfia/procfs/proc_path.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

namespace logfia {
namespace {

constexpr int kMostRounds = 8;  // the most rounds in which one descriptor is asked
constexpr std::size_t kMostAtOnce = 128;
// From so many on, opening the directory once costs less than walking through it each time.
constexpr std::size_t kWorthADirectory = 8;

FileIdentity identity_of(const FdInfo& info) {
    FileIdentity identity{info.mount_id, info.inode, std::nullopt, std::nullopt};
    if (info.flags) identity.flags = fixed_flags(*info.flags);
    return identity;
}

/// The order of readings of a link (l) and of fdinfo (i) that must agree.
constexpr std::string_view kOrderOfReadings = "llililllilliilllilllilil";
/// The order for a process that has slept all the while: fewer readings, since only another process
/// that shares its table, and has not been noticed yet, can have made a change (CLONE_FILES,
/// clone(2)).
constexpr std::string_view kWhereItSlept = "illiliil";

}  // namespace

Describer::Describer(const ProcRoot& root, WantedFacts wanted)
    : wanted_(wanted),
      files_(root, wanted.identity ? FileAsker::Handles::wanted : FileAsker::Handles::left_out),
      names_are_the_kernels_(root.is_procfs()) {
    if (!wanted_.any()) return;
    mounts_.emplace(root);
    if (root.native()) internal_ = InternalMounts::of_kernel(root.fd());
    shared_inode_ = shared_anonymous_inode();
    std::array<char, 8192> buffer;
    ttys_ = TtyDrivers(read_file(root.fd(), "tty/drivers", buffer));
}

void Describer::begin_look(SteadyTime now) {
    now_ = now;
    if (mounts_) mounts_->begin_look(now);
}

void Describer::forget(const Process& process) {
    if (mounts_) mounts_->forget(process);
    files_.forget(process);
}

void Describer::describe(const Process& process, std::span<Description> batch, Sleep sleep) {
    if (wanted_.of_each() && batch.size() >= kWorthADirectory)
        info_dir_.reset(openat(process.dir(), "fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC));
    while (!batch.empty()) {
        const auto some = batch.first(std::min(batch.size(), kMostAtOnce));
        describe_some(process, some, sleep);
        batch = batch.subspan(some.size());
    }
    info_dir_.reset();
}

void Describer::describe_some(const Process& process, std::span<Description> batch, Sleep sleep) {
    work_.assign(batch.size(), {});
    for (int round = 0; round < kMostRounds; ++round) {
        const auto since =
            sleep == Sleep::speaks_for_it ? clock_where_it_counts(process, batch) : std::nullopt;
        files_.clear();
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (work_[i].stage != Stage::unread) continue;
            if (round > 0 && !reads_the_same(process, batch[i])) continue;
            read(process, batch[i], work_[i]);
        }
        files_.answer(process, now_);
        for (std::size_t i = 0; i < batch.size(); ++i)
            if (work_[i].stage == Stage::asked) use_answer(process, batch[i], work_[i]);
        check_links(process, batch, since);
        if (std::all_of(work_.begin(), work_.end(),
                        [](const Work& work) { return work.stage == Stage::done; }))
            return;
    }
    for (std::size_t i = 0; i < batch.size(); ++i)
        if (work_[i].stage != Stage::done) leave_out_doubtful(batch[i], work_[i]);
}

/// True when fdinfo is not needed: the link is a single answer, and therefore about one file.
bool Describer::is_told_by_link(const Description& out) const {
    if (out.descriptor.type == FdType::epoll) return true;
    if (out.name.starts_with('/')) return !wanted_.any();
    // No other socket ever has the same link.
    if (out.descriptor.type == FdType::socket) return !wanted_.access && !wanted_.details;
    return !wanted_.of_each();
}

/// True for a socket that is open for reading and writing, as all are (sock_alloc_file(),
/// net/socket.c) but those that are held with O_PATH. The mode of the link tells, at a third of the
/// price of fdinfo (tid_fd_update_inode(), fs/proc/fd.c).
bool Describer::is_whole_socket(const Process& process, const Description& out) {
    constexpr unsigned kBoth = S_IRUSR | S_IWUSR;
    struct stat link {};
    return out.descriptor.type == FdType::socket &&
           fstatat(process.fd_dir(), fd_path(out.fd).data(), &link, AT_SYMLINK_NOFOLLOW) == 0 &&
           (link.st_mode & kBoth) == kBoth;
}

/// The process's CPU time, read only for links without a number: a number in the link is proof
/// enough.
std::optional<Duration> Describer::clock_where_it_counts(const Process& process,
                                                         std::span<const Description> batch) const {
    const bool counts = std::any_of(batch.begin(), batch.end(), [&](const Description& out) {
        return !is_told_by_link(out) && !bracketed_number(out.name);
    });
    return counts ? process.cpu_time() : std::nullopt;
}

/// Fills in what the link's text and fdinfo tell.
void Describer::read(const Process& process, Description& out, Work& work) {
    Descriptor& descriptor = out.descriptor;
    descriptor = {};
    descriptor.fd = out.fd;
    descriptor.name = out.name;
    descriptor.type = type_of_link(out.name);
    descriptor.inode = socket_inode(out.name);
    work.stage = Stage::done;
    // Asking for an epoll's targets may take long: see BlockingAsker.
    if (descriptor.type == FdType::epoll) descriptor.access = Access::read_write;
    if (is_told_by_link(out)) return;
    if (!wanted_.details && is_whole_socket(process, out)) {
        descriptor.access = Access::read_write;
        return;
    }

    const std::string_view bytes = read_info(process, out.fd, descriptor.type);
    work.info = parse_fd_info(bytes);
    const FdInfo& info = work.info;
    if (auto object = parse_object_info(descriptor.type, bytes))
        descriptor.object = std::make_shared<const ObjectInfo>(std::move(*object));
    out.identity = identity_of(info);
    if (info.inode) descriptor.inode = info.inode;
    if (info.flags) {
        descriptor.flags = *info.flags;
        descriptor.access = access_of(*info.flags);
    }
    if (out.name == kUnreadableLink) return;
    const auto number = bracketed_number(out.name);
    const bool is_another_number = number && info.inode && number != info.inode;
    if (!info.flags || is_another_number ||
        (out.name.starts_with(kAnonInode) && has_a_place(process, descriptor.type, info)))
        work.stage = Stage::unread;
    else if (out.name.starts_with('/'))
        read_path(process, out, work);
    else if (!number || !info.inode)
        work.stage = Stage::checked;
    if (is_in(descriptor.type, FdGroup::position)) descriptor.pos = info.pos;
}

/// True for a socket, a pipe or a file, as opposed to an object without a name.
bool Describer::has_a_place(const Process& process, FdType type, const FdInfo& info) {
    if (!info.mount_id || info.mount_id == internal_.anonymous) return false;
    if (!internal_.anonymous)
        return mounts_->find(process, *info.mount_id).kind != MountKind::unlisted;
    return type != FdType::pidfd || !internal_.nothing_has_a_path_on(*info.mount_id);
}

void Describer::read_path(const Process& process, Description& out, Work& work) {
    const FdInfo& info = work.info;
    FdType& type = out.descriptor.type;
    work.stage = Stage::checked;
    if (info.mount_id && internal_.nothing_has_a_path_on(*info.mount_id)) {
        work.stage = Stage::unread;
        return;
    }
    if (info.mount_id && info.mount_id == internal_.memory) return read_memory(process, out, work);
    const MountEntry mount = info.mount_id ? mounts_->find(process, *info.mount_id) : MountEntry{};
    type = type_unasked(mount.kind, out.name, info);
    if (mount.kind == MountKind::local && files_.may_ask(process, now_)) {
        work.question = files_.add(process, out.fd);
        work.stage = Stage::asked;
    }
}

/// A memfd, or shared memory of another kind.
void Describer::read_memory(const Process& process, Description& out, Work& work) {
    work.stage = Stage::unread;
    if (!out.name.ends_with(kDeletedSuffix)) return;
    out.descriptor.type = type_of_unmounted(out.name);
    if (out.descriptor.type == FdType::unknown)
        out.descriptor.type = type_by_info(out.name, work.info);
    work.stage = Stage::checked;
    if (!files_.may_ask(process, now_)) return;
    work.question = files_.add(process, out.fd);
    work.stage = Stage::asked;
}

/// Fills in what the file itself has told.
void Describer::use_answer(const Process& process, Description& out, Work& work) {
    const BlockingRequest& request = files_[work.question];
    Descriptor& descriptor = out.descriptor;
    work.stage = Stage::checked;
    if (request.outcome != BlockingRequest::Outcome::answered) {
        descriptor.type = type_by_info(out.name, work.info);
        if (!is_in(descriptor.type, FdGroup::position)) descriptor.pos.reset();
        return;
    }
    const FileAnswer& file = request.file;
    const bool has_name = names_are_the_kernels_ && !file.name.empty();
    const bool is_named = has_name && file.name == out.name;
    const bool in_memory = work.info.mount_id && work.info.mount_id == internal_.memory;
    if ((has_name && !is_named) || (work.info.inode && *work.info.inode != file.inode) ||
        (work.info.mount_id && file.mount_id && names_are_the_kernels_ &&
         *work.info.mount_id != *file.mount_id)) {
        work.stage = Stage::unread;
        // The file may be on a filesystem that should not be asked, and have answered from its
        // cache.
        if (is_named && !in_memory && file.mount_id &&
            mounts_->find(process, *file.mount_id).kind == MountKind::local)
            work.file = file;
        return;
    }
    if (is_named && work.info.inode && file.mount_id) work.stage = Stage::done;
    if (in_memory) return;
    add_facts(file, out);
    descriptor.pos = is_in(descriptor.type, FdGroup::position) ? work.info.pos : std::nullopt;
}

void Describer::add_facts(const FileAnswer& file, Description& out) const {
    add_file_facts(file, ttys_, out.descriptor);
    out.identity.inode = file.inode;
    out.identity.handle = file.handle;
}

/// Reads links again, for descriptors that nothing else has proved.
void Describer::check_links(const Process& process, std::span<const Description> batch,
                            std::optional<Duration> since) {
    const auto keep_if = [&](const auto& holds) {
        bool any = false;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (work_[i].stage != Stage::checked) continue;
            if (!holds(batch[i])) work_[i].stage = Stage::unread;
            any = any || work_[i].stage == Stage::checked;
        }
        return any;
    };
    if (!keep_if([&](const Description& out) { return reads_the_same(process, out); })) return;
    // Fewer readings save 13 µs for each, which is as much as three threads cost.
    const auto most_threads = static_cast<int>(3 * batch.size());
    const bool rested = !process.run_clock(since, most_threads).may_have_run_since(since);
    const auto order = rested ? kWhereItSlept : kOrderOfReadings;
    keep_if([&](const Description& out) { return stays_the_same(process, out, order); });
    for (Work& work : work_)
        if (work.stage == Stage::checked) work.stage = Stage::done;
}

/// A link and fdinfo may be about two files that alternate at the number. All answers fit such a
/// pair only if the files change places exactly between each link and fdinfo, and never between two
/// readings of one kind. The order is irregular, so that no regular alternation keeps step with it,
/// and long, so that chance does not either.
bool Describer::stays_the_same(const Process& process, const Description& out,
                               std::string_view order) {
    const UniqueFd info = open_info(process, out.fd);
    return info && std::all_of(order.begin(), order.end(), [&](char next) {
               if (next == 'l') return reads_the_same(process, out);
               const std::string_view bytes = read_info(info, out.descriptor.type);
               return !bytes.empty() &&
                      !contradict(out.identity, identity_of(parse_fd_info(bytes)));
           });
}

bool Describer::reads_the_same(const Process& process, const Description& out) {
    link_.resize(PATH_MAX);
    const ssize_t length =
        readlinkat(process.fd_dir(), fd_path(out.fd).data(), link_.data(), link_.size());
    return length >= 0 &&
           std::string_view(link_.data(), static_cast<std::size_t>(length)) == out.name;
}

/// The link was read by itself, and so was a file of that name if one answered: what these say is
/// certain. A path that was closed before anything could be asked is most likely a file's.
void Describer::leave_out_doubtful(Description& out, const Work& work) const {
    out.identity = {};
    out.descriptor = {};
    out.descriptor.fd = out.fd;
    out.descriptor.name = out.name;
    out.descriptor.type = type_of_link(out.name);
    if (out.descriptor.type != FdType::pidfd) out.descriptor.inode = bracketed_number(out.name);
    if (out.name.starts_with('/')) out.descriptor.type = type_of_unmounted(out.name);
    if (out.name.starts_with('/') && out.descriptor.type == FdType::unknown)
        out.descriptor.type = likely_type(out.name);
    if (work.file) add_facts(*work.file, out);
}

bool Describer::may_be_replaced_unseen(const Descriptor& descriptor,
                                       const FileIdentity& identity) const {
    if (is_in(descriptor.type, FdGroup::same_link)) return true;
    if (descriptor.type == FdType::unknown) return descriptor.name.starts_with('/');
    return descriptor.name.starts_with(kAnonInode) && identity.inode && shared_inode_ &&
           identity.inode != shared_inode_;
}

FileIdentity Describer::identity_now(const Process& process, const Descriptor& descriptor) {
    return identity_of(parse_fd_info(read_info(process, descriptor.fd, descriptor.type)));
}

const char* Describer::new_notice() {
    if (const char* notice = files_.new_notice()) return notice;
    if (lacking_ == 0 || !notice_.empty()) return nullptr;
    notice_ = logfia::describe(Error{"cannot find out", "what some descriptors are", lacking_, {}});
    return notice_.c_str();
}

}  // namespace logfia
