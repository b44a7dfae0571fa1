#pragma once

#include <logfia/app/options.hpp>
#include <logfia/process/signals.hpp>

namespace logfia {

/// Does what the command line asks for. What goes wrong is said on standard error. Returns the
/// exit status, which with a command is its own.
int run(const Options& options, const InheritedSignals& inherited);

}  // namespace logfia
