#pragma once

#include "support/temp_dir.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {

/// The fields of /proc/N/stat that logfia reads.
struct FakeStat {
    char state = 'S';
    int parent = 1;
    std::uint32_t flags = 0x400000;  ///< PF_*: 0x200000 is a kernel thread
    int threads = 1;
    std::uint64_t cpu_ticks = 0;
    std::uint64_t start_time = 1000;  ///< clock ticks since boot
};

/// The fields of /proc/N/fdinfo/FD.
struct FakeFdInfo {
    std::uint64_t pos = 0;
    std::uint32_t flags = 0100000;  ///< O_RDONLY | O_LARGEFILE
    int mount = 28;
    std::uint64_t inode = 0;  ///< 0: the number in the target's brackets, else one of its own
    std::string more{};       ///< further lines, such as "tfd: …\n"
};

enum class Table { shared, own };

/// A procfs of files: DIR/PID/{comm,stat,status,mountinfo,fd,fdinfo,net,ns,task}. There is no
/// DIR/self unless self() makes it: so the reader must take the tree for another PID namespace's.
class FakeProc {
  public:
    [[nodiscard]] const std::string& path() const { return root_.path(); }

    void add_process(int pid, std::string_view comm, unsigned uid = 1000);
    /// As if the process had ended and been reaped.
    void end(int pid);

    /// The descriptor must be free; see retarget.
    void open(int pid, int fd, std::string_view target, const FakeFdInfo& info = {});
    void close(int pid, int fd);
    /// Another file on the same number, at once: rename(2) of a new link over the old one. The
    /// fdinfo stays as it is: the same open file under a new name.
    void retarget(int pid, int fd, std::string_view target);
    void retarget(int pid, int fd, std::string_view target, const FakeFdInfo& info);

    void set_comm(int pid, std::string_view comm);
    void set_stat(int pid, const FakeStat& stat);
    void set_status(int pid, unsigned uid, const std::vector<int>& ns_pids);
    /// `table` of `own` is that of a thread that called unshare(CLONE_FILES).
    void add_thread(int pid, int tid, Table table = Table::shared);
    /// From now on the thread's state is not the process's.
    void set_thread_stat(int pid, int tid, const FakeStat& stat);
    void open_in_thread(int pid, int tid, int fd, std::string_view target,
                        const FakeFdInfo& info = {});
    /// The first thread has exited, others live: DIR/PID/fd lists empty, the state is Z, and the
    /// table is to be found in the other threads' directories.
    void exit_leader(int pid);

    void net_table(int pid, std::string_view name, std::string_view text);
    void mountinfo(int pid, std::string_view text);
    void exe(int pid, std::string_view target);
    /// The text of task/PID/children: `8 9 `.
    void children(int pid, std::string_view pids);
    /// A kernel without CONFIG_PROC_CHILDREN: there are no such files, from now on too.
    void list_no_children();
    /// DIR/self/status with this NSpid line; one number says: our own PID namespace.
    void self(const std::vector<int>& ns_pids);
    /// DIR/self is this process, which gives the watcher's PID and its start time.
    void self_is(int pid);

  private:
    [[nodiscard]] std::string stat_line(int pid, const FakeStat& stat) const;
    [[nodiscard]] std::string at(int pid, std::string_view name = {}) const;
    /// The directory that the names `fd/N` and `fdinfo/N` are appended to.
    [[nodiscard]] std::string table(int pid) const;
    void add_descriptor(const std::string& table, int fd, std::string_view target,
                        const FakeFdInfo& info);
    void write_fdinfo(const std::string& table, int fd, std::string_view target,
                      const FakeFdInfo& info);

    TempDir root_;
    std::map<int, std::string> comms_;
    bool lists_children_ = true;
    std::uint64_t next_inode_ = 900'001;
};

}  // namespace logfia::test
