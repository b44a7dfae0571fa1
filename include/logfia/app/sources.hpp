#pragma once

#include <logfia/app/options.hpp>
#include <logfia/event/source.hpp>
#include <logfia/output/notices.hpp>
#include <logfia/process/command.hpp>
#include <logfia/process/signals.hpp>
#include <logfia/source/poll/poll_source.hpp>
#include <logfia/source/seccomp/exact_watch.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace logfia {

/// The sources that the command line asks for.
struct Sources {
    std::unique_ptr<Numbers> numbers = std::make_unique<Numbers>();  ///< shared by all sources
    std::vector<std::unique_ptr<Source>> all;
    PollSource* poll = nullptr;  ///< among them; null: another one watches
    std::uint64_t command = 0;   ///< our own number for the command's process; 0: there is none
    bool incomplete = false;     ///< part of what was asked for cannot be watched
};

/// Makes every source; nothing when there is nothing to watch. Failures are reported to `notices`.
/// `command` is null when there is none, and `exact` unless the command is watched exactly. All
/// pointers and `signals` must outlive the sources.
std::optional<Sources> make_sources(const Options& options, Command* command, ExactWatch* exact,
                                    StopSignals& signals, Notices& notices);

}  // namespace logfia
