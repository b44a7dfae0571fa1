#include "measure.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace logfia::bench {

Nanoseconds own_cpu() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

std::vector<std::vector<Nanoseconds>> race(int rounds,
                                           const std::vector<std::function<void()>>& contenders) {
    std::vector<std::vector<Nanoseconds>> times(contenders.size());
    for (const auto& contender : contenders) contender();  // once to warm up
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < contenders.size(); ++i) {
            const Nanoseconds before = own_cpu();
            contenders[i]();
            times[i].push_back(own_cpu() - before);
        }
    }
    return times;
}

void warn_of_load() {
    constexpr double kQuiet = 1.5;
    double load = 0;
    if (getloadavg(&load, 1) != 1 || load <= kQuiet) return;
    std::printf("The load is %.1f: this machine is not quiet, the figures will not hold.\n", load);
}

double ratio(const std::vector<Nanoseconds>& of, const std::vector<Nanoseconds>& to) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < of.size(); ++i) ratios.push_back(of[i] / to[i]);
    return median(std::move(ratios));
}

Run run_program(const std::vector<std::string>& words, Keep keep) {
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) std::abort();
    const pid_t child = fork();
    if (child == 0) {
        std::vector<char*> argv;
        for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        const int null = open("/dev/null", O_WRONLY);
        dup2(keep == Keep::output ? pipe_ends[1] : null, STDOUT_FILENO);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
        execvp(argv[0], argv.data());
        std::perror(argv[0]);
        _exit(127);
    }
    close(pipe_ends[1]);
    Run run;
    char buffer[65536];
    ssize_t got = 0;
    while ((got = read(pipe_ends[0], buffer, sizeof buffer)) > 0)
        run.output.append(buffer, static_cast<std::size_t>(got));
    close(pipe_ends[0]);
    rusage usage{};
    wait4(child, &run.status, 0, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    run.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    run.max_resident_kib = usage.ru_maxrss;
    return run;
}

}  // namespace logfia::bench
