#pragma once

#include <logfia/app/options.hpp>

#include <set>
#include <string_view>

namespace logfia {

/// The options that stand on the command line, by their long names; besides, "a PID" (of --pid,
/// too) and "a COMMAND".
using GivenOptions = std::set<std::string_view>;

/// Throws UsageError where options cannot be used together, or nothing is to be watched.
void check_options(const Options& options, const GivenOptions& given);

/// Fills in what follows from several options: defaults that depend on another option, and what the
/// parts are told of each other's.
void complete_options(Options& options, const GivenOptions& given);

}  // namespace logfia
