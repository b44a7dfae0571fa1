#pragma once

#include <logfia/output/time_style.hpp>
#include <logfia/report/leaks.hpp>

#include <string>

namespace logfia {

/// The verdict for a person: what has leaked, then what else was left open.
void append_leaks(std::string& out, const Leaks& leaks, TimeColumn time);

/// One object on one line: `time`, `event` `"leaks"`, `leaked`, `leak_min`, `groups`, each with
/// `pid`, `comm`, `type`, `name`, `count`, `leak`, `first_seen`, `fd_limit` and `fd_share` (of the
/// limit, 0 to 1), and `not_listed`: how many small groups of ended processes were forgotten.
void append_leaks_json(std::string& out, const Leaks& leaks, TimeColumn time, const Now& end);

}  // namespace logfia
