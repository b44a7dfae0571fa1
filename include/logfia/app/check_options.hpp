#pragma once

#include <logfia/app/options.hpp>

#include <set>
#include <string_view>

namespace logfia {

/// The options given on the command line, by their long names; also "a PID" (for --pid too) and "a
/// COMMAND".
using GivenOptions = std::set<std::string_view>;

/// Throws UsageError if options cannot be used together, or if there is nothing to watch.
void check_options(const Options& options, const GivenOptions& given);

/// Fills in values that follow from several options: defaults that depend on another option, and
/// options of one part that another part needs to know.
void complete_options(Options& options, const GivenOptions& given);

}  // namespace logfia
