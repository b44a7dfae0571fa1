#include <logfia/descriptor/link_text.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/poll/fd_reader.hpp>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstddef>

namespace logfia {
namespace {

constexpr std::size_t kListingBytes = std::size_t{32} * 1024;
constexpr std::uint32_t kUnread = 0xffffffff;    // FdEntry::length before its link was read
constexpr std::uint32_t kVanished = 0xfffffffe;  // closed between the listing and the reading

/// -1 for `.`, `..` and whatever else is no descriptor number.
int parse_number(const char* text) {
    int value = 0;
    const char* end = text;
    while (*end != '\0') ++end;
    const auto [last, error] = std::from_chars(text, end, value);
    return error == std::errc{} && last == end && value >= 0 ? value : -1;
}

bool by_number(const FdEntry& a, const FdEntry& b) {
    return a.fd < b.fd;
}

}  // namespace

/// The state of one look, so that the steps below need no ten parameters.
struct FdReader::Pass {
    int fd_dir;
    std::uint32_t look;
    const FdSnapshot& before;
    FdSnapshot& after;
    Links links;
    LookOutcome outcome{};
    const FdEntry* expected = nullptr;  // the entry of `before` that should be listed next
    bool ascending = true;
    std::size_t unread = 0;

    [[nodiscard]] const FdEntry* before_end() const {
        return before.entries().data() + before.entries().size();
    }
    /// The entry of `before` for the number: mostly the one behind the last match.
    const FdEntry* match(int fd) {
        if (expected == before_end() || expected->fd != fd) expected = before.at_or_after(fd);
        return expected != before_end() && expected->fd == fd ? expected++ : nullptr;
    }
};

FdReader::FdReader() : buffer_(std::make_unique_for_overwrite<char[]>(kListingBytes)) {}

LookOutcome FdReader::read(int fd_dir, std::uint32_t look, const FdSnapshot& before,
                           FdSnapshot& after, Links links) {
    Pass pass{fd_dir, look, before, after, links, {}, before.entries().data(), true, 0};
    if (links == Links::all && read_all_again(pass)) return pass.outcome;
    after.clear();
    const LookOutcome listed = list(pass);
    if (listed.state != LookOutcome::State::complete) return listed;
    if (pass.unread > 0) read_rest(pass);
    auto& entries = after.entries();
    entries.erase(std::remove_if(entries.begin(), entries.end(),
                                 [](const FdEntry& e) { return e.length == kVanished; }),
                  entries.end());
    // procfs lists in ascending order; a directory on another filesystem (a fake tree) does not.
    if (!pass.ascending) std::sort(entries.begin(), entries.end(), by_number);
    return pass.outcome;
}

/// False also where the kernel does not count open descriptors, and says 0.
bool FdReader::as_many_as_before(const Pass& pass) {
    struct stat table {};
    return !pass.before.entries().empty() && fstat(pass.fd_dir, &table) == 0 &&
           static_cast<std::size_t>(table.st_size) == pass.before.entries().size();
}

/// False when another file may be open in place of one that was, or when a number should be read
/// soon.
bool FdReader::read_all_again(Pass& pass) {
    const auto& before = pass.before.entries();
    const auto hot = [&](const FdEntry& entry) { return is_hot(entry, pass.look); };
    if (std::any_of(before.begin(), before.end(), hot) || !as_many_as_before(pass)) return false;
    pass.after.clear();
    auto& entries = pass.after.entries();
    entries = before;
    for (FdEntry& entry : entries)
        if (read_link(pass, entry) != Reading::done) return false;
    return as_many_as_before(pass);
}

LookOutcome FdReader::list(Pass& pass) {
    if (lseek(pass.fd_dir, 0, SEEK_SET) < 0) return {LookOutcome::State::failed, errno, false};
    for (;;) {
        const ssize_t got = getdents64(pass.fd_dir, buffer_.get(), kListingBytes);
        if (got == 0) return {};
        if (got < 0) {
            // proc_readfd_common(): ENOENT once the process is reaped.
            return {is_gone(errno) ? LookOutcome::State::gone : LookOutcome::State::failed, errno,
                    false};
        }
        add_chunk(pass, buffer_.get(), static_cast<std::size_t>(got));
    }
}

void FdReader::add_chunk(Pass& pass, const char* bytes, std::size_t length) {
    auto& entries = pass.after.entries();
    for (std::size_t at = 0; at < length;) {
        const char* record = bytes + at;
        unsigned short record_length = 0;
        std::memcpy(&record_length, record + offsetof(dirent64, d_reclen), sizeof record_length);
        at += record_length;
        const char* name = record + offsetof(dirent64, d_name);
        const int fd = parse_number(name);
        if (fd < 0) continue;

        FdEntry entry{fd, 0, kUnread, FdEntry::kNoSlot, pass.look, -1};
        if (!entries.empty() && entries.back().fd > fd) pass.ascending = false;
        const FdEntry* known = pass.match(fd);
        if (known != nullptr) {
            entry.slot = known->slot;
            entry.changed = known->changed;
            entry.link = known->link;
        }
        if (!is_hot(entry, pass.look)) {
            ++pass.unread;
            entries.push_back(entry);
        } else if (read_or_keep(pass, entry)) {
            entries.push_back(entry);
        }
    }
}

FdReader::Reading FdReader::read_link(Pass& pass, FdEntry& entry) {
    // The kernel builds the link in one page (do_proc_readlink), so that PATH_MAX holds it.
    TextArena& text = pass.after.text_;
    ssize_t got = -1;
    if (entry.link >= 0) got = readlinkat(entry.link, "", text.room(PATH_MAX), PATH_MAX);
    // The error of a held link is not reliable: for a process that is gone it is EACCES
    // (proc_pid_readlink(), fs/proc/base.c).
    if (got < 0) {
        char name[16];
        *std::to_chars(name, name + sizeof name - 1, entry.fd).ptr = '\0';
        got = readlinkat(pass.fd_dir, name, text.room(PATH_MAX), PATH_MAX);
    }
    if (got < 0) return is_gone(errno) ? Reading::vanished : Reading::failed;
    entry.offset = static_cast<std::uint32_t>(text.size());
    entry.length = static_cast<std::uint32_t>(got);
    text.commit(entry.length);
    return Reading::done;
}

/// False when the number was closed meanwhile.
bool FdReader::read_or_keep(Pass& pass, FdEntry& entry) {
    const Reading reading = read_link(pass, entry);
    if (reading != Reading::failed) return reading == Reading::done;
    if (errno == EACCES || errno == EPERM) pass.outcome.denied = true;
    keep_link(pass, entry);
    return true;
}

void FdReader::keep_link(Pass& pass, FdEntry& entry) {
    const FdEntry* known = pass.before.find(entry.fd);
    const std::string_view kept = known != nullptr ? pass.before.name(*known) : kUnreadableLink;
    entry.offset = static_cast<std::uint32_t>(pass.after.text_.size());
    entry.length = static_cast<std::uint32_t>(kept.size());
    pass.after.text_.append(kept);
}

void FdReader::read_rest(Pass& pass) {
    std::size_t turn = pass.look;
    for (FdEntry& entry : pass.after.entries()) {
        if (entry.length != kUnread) continue;
        if (pass.links == Links::some && turn++ % std::size_t{kTurns} != 0) {
            keep_link(pass, entry);
            continue;
        }
        if (!read_or_keep(pass, entry)) entry.length = kVanished;
    }
}

}  // namespace logfia
