#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace logfia::bench {

using Nanoseconds = double;

/// CPU time of all our threads, user and system.
Nanoseconds own_cpu();

/// The median of the values.
double median(std::vector<double> values);

/// Runs the contenders in turn, `rounds` times, so that disturbances of the machine affect all of
/// them alike. Returns each contender's CPU times, a value for each round.
std::vector<std::vector<Nanoseconds>> race(int rounds,
                                           const std::vector<std::function<void()>>& contenders);

/// Says so when the machine is too busy for times that hold.
void warn_of_load();

/// The median of the ratios, round by round.
double ratio(const std::vector<Nanoseconds>& of, const std::vector<Nanoseconds>& to);

struct Run {
    double cpu_seconds = 0;  ///< user and system
    long max_resident_kib = 0;
    int status = 0;  ///< as waitpid(2) gives it
    std::string output;
};

/// Runs a program to its end; its standard output is kept only when `keep_output`.
enum class Keep { output, nothing };
Run run_program(const std::vector<std::string>& words, Keep keep);

}  // namespace logfia::bench
