#pragma once

namespace logfia {

/// The exit statuses, as the manual page lists them.
enum class ExitStatus { success = 0, failure = 1, usage = 2, leaks = 3 };

}  // namespace logfia
