#pragma once

#include <logfia/event/event.hpp>

namespace logfia {

/// Which records a user wants to see. Judged before a host name is asked for.
struct Filter {
    bool real_files_only = false;  ///< `-r`
    bool initial = true;           ///< false: `--no-initial`

    [[nodiscard]] bool passes(const Event& event) const {
        if (event.kind == EventKind::lost) return true;  // no filter hides what is missing
        if (!initial && event.initial) return false;
        return !real_files_only || is_real_file(event.descriptor.type);
    }
};

}  // namespace logfia
