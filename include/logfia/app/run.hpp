#pragma once

#include <logfia/app/options.hpp>
#include <logfia/process/signals.hpp>

namespace logfia {

/// Does what the command line asks for, and reports failures on standard error. Returns the exit
/// status, which is that of the command if there is one.
int run(const Options& options, const InheritedSignals& inherited);

}  // namespace logfia
