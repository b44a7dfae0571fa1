#pragma once

#include <logfia/app/options.hpp>
#include <logfia/event/numbers.hpp>
#include <logfia/output/notices.hpp>
#include <logfia/process/command.hpp>
#include <logfia/source/seccomp/exact_watch.hpp>
#include <logfia/source/seccomp/seccomp_source.hpp>

#include <memory>

namespace logfia {

/// Prepares an exact watch of the command that the options name; an Error where the kernel does not
/// let us. A notice tells which rights the command will lack.
Result<std::unique_ptr<ExactWatch>> prepare_exact_watch(const Options& options, Notices& notices);

/// A notice on what an older kernel makes slower, once the command runs.
void tell_what_is_slower(const ExactWatch& watch, Notices& notices);

/// `command` and `watch` must outlive the source.
std::unique_ptr<SeccompSource> make_exact_source(const Options& options, ExactWatch& watch,
                                                 Command& command, Numbers& numbers);

/// Why the command could not be prepared for an exact watch: `code` is errno, ECONNRESET where the
/// watch refused.
Error preparation_error(const Options& options, const ExactWatch& watch, int code);

}  // namespace logfia
