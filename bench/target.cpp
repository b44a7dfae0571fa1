#include "target.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace logfia::bench {
namespace {

void open_ten(int& left) {
    static constexpr const char* kFiles[] = {"/etc/passwd", "/etc/group",    "/usr/bin/env",
                                             "/dev/null",   "/proc/version", "/usr"};
    int pair[2];
    for (const char* path : kFiles) {
        if (left-- <= 0) return;
        check(open(path, O_RDONLY) >= 0, path);
    }
    if ((left -= 2) < 0) return;
    check(pipe(pair) == 0, "pipe");
    if ((left -= 2) < 0) return;
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
}

/// The end to write to; the reading end comes first.
int* make_pipe(int (&ends)[2]) {
    check(pipe(ends) == 0, "pipe");
    return ends;
}

}  // namespace

void check(bool worked, const char* what) {
    if (worked) return;
    std::perror(what);
    _exit(1);
}

Child::Child(const std::function<void()>& work) : pid_(fork()) {
    check(pid_ >= 0, "fork");
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    work();
    _exit(0);
}

Child::~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

Target::Target(const std::function<void()>& prepare)
    : child_([&, ends = make_pipe(ready_)] {
          close(ends[0]);
          prepare();
          check(write(ends[1], "r", 1) == 1, "write");
          close(ends[1]);
          for (;;) pause();
      }) {
    close(ready_[1]);
    char byte = 0;
    check(read(ready_[0], &byte, 1) == 1, "the target did not get ready");
    close(ready_[0]);
}

long resident_kib(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/statm";
    std::FILE* file = std::fopen(path.c_str(), "r");
    long pages = 0;
    if (file == nullptr || std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    if (file != nullptr) std::fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

void open_mixed(int count) {
    for (int left = count - 3; left > 0;) open_ten(left);
}

long raise_file_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<long>(limit.rlim_cur);
}

}  // namespace logfia::bench
