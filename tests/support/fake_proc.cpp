#include "support/fake_proc.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>

namespace logfia::test {
namespace fs = std::filesystem;
namespace {

/// The number in `socket:[31037]`, or 0.
std::uint64_t bracketed(std::string_view target) {
    const auto open = target.find(":[");
    if (open == std::string_view::npos) return 0;
    return std::strtoull(std::string(target.substr(open + 2)).c_str(), nullptr, 10);
}

}  // namespace

std::string FakeProc::at(int pid, std::string_view name) const {
    return fmt::format("{}/{}/{}", path(), pid, name);
}

void FakeProc::add_process(int pid, std::string_view comm, unsigned uid) {
    for (const char* directory : {"fd", "fdinfo", "net", "ns", "task"})
        fs::create_directories(at(pid, directory));
    fs::create_symlink("net:[4026531840]", at(pid, "ns/net"));
    fs::create_symlink("/", at(pid, "cwd"));
    set_comm(pid, comm);
    set_stat(pid, {});
    set_status(pid, uid, {pid});
    mountinfo(pid, "28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n");
    add_thread(pid, pid);
}

void FakeProc::end(int pid) {
    fs::remove_all(at(pid));
}

std::string FakeProc::table(int pid) const {
    return at(pid, fs::exists(at(pid, "living_fd")) ? "living_" : "");
}

void FakeProc::add_descriptor(const std::string& table, int fd, std::string_view target,
                              const FakeFdInfo& info) {
    // The information first: a reader that lists the link will ask for it.
    write_fdinfo(table, fd, target, info);
    fs::create_symlink(std::string(target), fmt::format("{}fd/{}", table, fd));
}

void FakeProc::write_fdinfo(const std::string& table, int fd, std::string_view target,
                            const FakeFdInfo& info) {
    std::uint64_t inode = info.inode != 0 ? info.inode : bracketed(target);
    if (inode == 0) inode = next_inode_++;
    write_file(fmt::format("{}fdinfo/{}", table, fd),
               fmt::format("pos:\t{}\nflags:\t0{:o}\nmnt_id:\t{}\nino:\t{}\n{}", info.pos,
                           info.flags, info.mount, inode, info.more));
}

void FakeProc::open(int pid, int fd, std::string_view target, const FakeFdInfo& info) {
    add_descriptor(table(pid), fd, target, info);
}

void FakeProc::close(int pid, int fd) {
    fs::remove(fmt::format("{}fd/{}", table(pid), fd));
    fs::remove(fmt::format("{}fdinfo/{}", table(pid), fd));
}

void FakeProc::retarget(int pid, int fd, std::string_view target) {
    const std::string fresh = path() + "/fresh-link";
    fs::create_symlink(std::string(target), fresh);
    fs::rename(fresh, fmt::format("{}fd/{}", table(pid), fd));
}

void FakeProc::retarget(int pid, int fd, std::string_view target, const FakeFdInfo& info) {
    write_fdinfo(table(pid), fd, target, info);
    retarget(pid, fd, target);
}

void FakeProc::set_comm(int pid, std::string_view comm) {
    comms_[pid] = comm;
    write_file(at(pid, "comm"), comms_[pid] + '\n');
}

void FakeProc::set_stat(int pid, const FakeStat& stat) {
    write_file(at(pid, "stat"), stat_line(pid, stat));
}

std::string FakeProc::stat_line(int pid, const FakeStat& stat) const {
    // proc_pid_stat(5): 52 fields; those that nobody asks for are 0.
    std::string line = fmt::format(
        "{0} ({1}) {2} {3} {0} {0} 0 -1 {4} 0 0 0 0 {5} 0 0 0 20 0 {6} 0 {7}", pid, comms_.at(pid),
        stat.state, stat.parent, stat.flags, stat.cpu_ticks, stat.threads, stat.start_time);
    for (int field = 23; field <= 52; ++field) line += " 0";
    return line + '\n';
}

void FakeProc::set_status(int pid, unsigned uid, const std::vector<int>& ns_pids) {
    write_file(at(pid, "status"),
               fmt::format("Name:\t{0}\nState:\tS (sleeping)\nTgid:\t{1}\nNgid:\t0\nPid:\t{1}\n"
                           "PPid:\t1\nTracerPid:\t0\nUid:\t{2}\t{2}\t{2}\t{2}\n"
                           "Gid:\t{2}\t{2}\t{2}\t{2}\nFDSize:\t64\nNSpid:\t{3}\nThreads:\t1\n",
                           comms_[pid], pid, uid, fmt::join(ns_pids, "\t")));
}

void FakeProc::add_thread(int pid, int tid, Table table) {
    const std::string directory = at(pid, fmt::format("task/{}", tid));
    fs::create_directories(directory);
    for (const char* name : {"fd", "fdinfo"}) {
        if (table == Table::own)
            fs::create_directory(directory + '/' + name);
        else
            fs::create_symlink(std::string("../../") + name, directory + '/' + name);
    }
    for (const char* name : {"comm", "stat", "net"})
        fs::create_symlink(std::string("../../") + name, directory + '/' + name);
    if (lists_children_) write_file(directory + "/children", "");
    write_file(directory + "/status",
               fmt::format("Name:\t{}\nTgid:\t{}\nPid:\t{}\n", comms_[pid], pid, tid));
}

void FakeProc::set_thread_stat(int pid, int tid, const FakeStat& stat) {
    const std::string path = at(pid, fmt::format("task/{}/stat", tid));
    if (fs::is_symlink(path)) fs::remove(path);
    write_file(path, stat_line(pid, stat));
}

void FakeProc::open_in_thread(int pid, int tid, int fd, std::string_view target,
                              const FakeFdInfo& info) {
    add_descriptor(at(pid, fmt::format("task/{}/", tid)), fd, target, info);
}

void FakeProc::exit_leader(int pid) {
    const std::string leader = at(pid, fmt::format("task/{}", pid));
    for (const std::string name : {"fd", "fdinfo"}) {
        fs::rename(at(pid, name), at(pid, "living_" + name));
        fs::create_directory(at(pid, name));
        for (const auto& thread : fs::directory_iterator(at(pid, "task"))) {
            const fs::path link = thread.path() / name;
            if (thread.path() == leader || !fs::is_symlink(fs::symlink_status(link))) continue;
            fs::remove(link);
            fs::create_symlink("../../living_" + name, link);
        }
    }
    FakeStat stat;
    stat.threads = 2;
    for (const auto& thread : fs::directory_iterator(at(pid, "task"))) {
        if (thread.path() == leader) continue;
        fs::remove(thread.path() / "stat");
        write_file((thread.path() / "stat").string(), stat_line(pid, stat));
    }
    stat.state = 'Z';
    set_stat(pid, stat);
}

void FakeProc::net_table(int pid, std::string_view name, std::string_view text) {
    write_file(at(pid, "net/" + std::string(name)), text);
}

void FakeProc::mountinfo(int pid, std::string_view text) {
    write_file(at(pid, "mountinfo"), text);
}

void FakeProc::exe(int pid, std::string_view target) {
    fs::remove(at(pid, "exe"));
    fs::create_symlink(std::string(target), at(pid, "exe"));
}

void FakeProc::children(int pid, std::string_view pids) {
    write_file(at(pid, fmt::format("task/{}/children", pid)), pids);
}

void FakeProc::list_no_children() {
    lists_children_ = false;
    for (const auto& process : fs::directory_iterator(path())) {
        if (!fs::is_directory(process.path() / "task")) continue;
        for (const auto& thread : fs::directory_iterator(process.path() / "task"))
            fs::remove(thread.path() / "children");
    }
}

void FakeProc::self_is(int pid) {
    fs::create_symlink(std::to_string(pid), path() + "/self");
}

void FakeProc::self(const std::vector<int>& ns_pids) {
    fs::create_directories(path() + "/self");
    write_file(path() + "/self/status", fmt::format("NSpid:\t{}\n", fmt::join(ns_pids, "\t")));
}

}  // namespace logfia::test
