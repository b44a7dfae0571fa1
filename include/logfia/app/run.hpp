#pragma once

#include <logfia/app/exit_status.hpp>
#include <logfia/app/options.hpp>

namespace logfia {

/// Does what the command line asks for. What goes wrong is said on standard error.
ExitStatus run(const Options& options);

}  // namespace logfia
