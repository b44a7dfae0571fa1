#pragma once

#include <logfia/descriptor/fd_snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace logfia {

/// How a look at one descriptor table went.
struct LookOutcome {
    enum class State : std::uint8_t {
        complete,  ///< every number was listed
        gone,      ///< the process, or the thread whose table it was, no longer exists
        failed,    ///< the table could not be listed: `error` says why
    };
    State state = State::complete;
    int error = 0;        ///< errno of `failed`
    bool denied = false;  ///< at least one link may not be read (any more)
};

/// Lists a descriptor table into a snapshot. It owns the buffers of the listing, so that one reader
/// serves every process.
class FdReader {
  public:
    /// The number of looks for which a changed number is read before the others.
    static constexpr std::uint32_t kHotLooks = 64;
    /// The number of looks with Links::some that read every link.
    static constexpr int kTurns = 16;
    /// True for an entry that is read before the others in that look.
    static bool is_hot(const FdEntry& entry, std::uint32_t look) {
        return look - entry.changed <= kHotLooks;
    }

    FdReader();

    /// Reads the table of `fd_dir` (an open descriptor of `/proc/N/fd`) into `after`. What `before`
    /// knows of a number is copied (slot, changed, link). The links of "hot" numbers, which are new
    /// or changed within the last kHotLooks looks, are read first, since they may be gone in a
    /// moment.
    ///
    /// Nothing is listed where no number is hot (is_hot()), the kernel counts as many open
    /// descriptors as before (the directory's `st_size`, since Linux 6.2, proc_fd_getattr() in
    /// fs/proc/fd.c) before and after all links were read, and all could be.
    ///
    /// A link that may not be read keeps its former text, or is `?` if it had none. A number that
    /// is closed between the listing and the reading is left out. No link is followed, so that a
    /// filesystem that hangs is never asked (readlinkat(2) of a magic link, proc_pid_fd(5)).
    ///
    /// With Links::some, a sixteenth of the numbers that were open before and are not hot is read
    /// again, another sixteenth with each look; the others keep the text that they had. So a look
    /// costs little more than the listing, and a number that was closed and opened again between
    /// two of them is noticed some looks later.
    enum class Links : std::uint8_t { all, some };
    LookOutcome read(int fd_dir, std::uint32_t look, const FdSnapshot& before, FdSnapshot& after,
                     Links links = Links::all);

  private:
    struct Pass;
    static bool as_many_as_before(const Pass& pass);
    static bool read_all_again(Pass& pass);
    LookOutcome list(Pass& pass);
    static void add_chunk(Pass& pass, const char* bytes, std::size_t length);
    enum class Reading : std::uint8_t { done, vanished, failed };
    static Reading read_link(Pass& pass, FdEntry& entry);
    static bool read_or_keep(Pass& pass, FdEntry& entry);
    static void read_rest(Pass& pass);
    static void keep_link(Pass& pass, FdEntry& entry);

    std::unique_ptr<char[]> buffer_;
};

}  // namespace logfia
