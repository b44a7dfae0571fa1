#pragma once

#include <logfia/app/options.hpp>
#include <logfia/base/clock.hpp>
#include <logfia/base/interval.hpp>
#include <logfia/event/address.hpp>
#include <logfia/event/filter.hpp>
#include <logfia/output/time_style.hpp>

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

// The values of options, as they stand on the command line. A value that cannot be parsed is a
// UsageError, which names the option and says what to write.
namespace logfia {

/// Adds a word that stands alone, or those of a list `PID[,PID...]`, unless they are in it.
void add_pid_word(std::vector<pid_t>& pids, const std::string& word);
void add_pid_list(std::vector<pid_t>& pids, const std::string& list);

/// Adds a shell pattern on the names of commands, which is the value of `flag`.
void add_name_pattern(std::vector<std::string>& names, const char* flag,
                      const std::string& pattern);
uid_t parse_user(const std::string& user);

void add_types(FilterOptions& filter, const std::string& list);
void add_events(FilterOptions& filter, const std::string& list);
/// `flag` is the option that the shell pattern is the value of.
void add_pattern(std::vector<Glob>& patterns, const char* flag, const std::string& pattern);

Interval parse_interval(const std::string& text);
/// Longer than 0.
Duration parse_duration(const std::string& text);
Duration parse_dns_wait(const std::string& text);
std::vector<Endpoint> parse_dns_server_list(const std::string& list);

/// `of_what`: the things that are counted, for the message.
std::uint64_t parse_positive(const char* flag, const std::string& text, const char* of_what);
std::string parse_output(const std::string& file);
std::string parse_proc(const std::string& dir);
TimeStyle parse_time_style(const std::string& text);
ColorWhen parse_color(const std::string& text);

}  // namespace logfia
