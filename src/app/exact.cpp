#include <logfia/app/exact.hpp>
#include <logfia/process/find_executable.hpp>
#include <logfia/process/gained_rights.hpp>
#include <logfia/process/user.hpp>
#include <logfia/source/seccomp/kernel_support.hpp>

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace logfia {
namespace {

void tell_missed_rights(const Options& options, Notices& notices) {
    const auto path = find_executable(options.command.front());
    const auto file = path ? read_program_file(*path) : std::nullopt;
    if (!file) return;
    const GainedRights rights = gained_rights(*file, {geteuid(), getegid()});
    if (!rights.any()) return;
    UserNames users;
    notices.notice(missed_rights_notice(options.command.front(), rights,
                                        rights.user ? users.name_of(*rights.user) : ""));
}

Supervisor::Options supervisor_options(const Options& options, const KernelSupport& kernel) {
    const PollerOptions& poller = options.poller;
    Supervisor::Options chosen;
    if (options.processes.follow) chosen.children = Model::Children::told;
    if (options.filter.inherited) chosen.inherited = Model::Inherited::told;
    chosen.count = kernel.counts_descriptors ? DescriptorCount::told : DescriptorCount::untold;
    RecorderOptions& recorder = chosen.recorder;
    recorder.facts = poller.facts;
    recorder.socket_details = poller.socket_details;
    recorder.sockets.copies =
        poller.copies ? SocketProbe::Copies::allowed : SocketProbe::Copies::forbidden;
    recorder.sockets.tcp = poller.totals ? TcpDetails::wanted : TcpDetails::left_out;
    recorder.objects = poller.targets;
    recorder.limits = poller.limits;
    recorder.rights = kernel.takes_rights;
    recorder.programs = !options.processes.not_names.empty();
    for (const EventKind kind : {EventKind::start, EventKind::exec, EventKind::exit})
        recorder.programs = recorder.programs || options.filter.tells(kind);
    return chosen;
}

}  // namespace

Result<std::unique_ptr<ExactWatch>> prepare_exact_watch(const Options& options, Notices& notices) {
    const KernelSupport kernel = ask_kernel();
    if (const auto refusal = exact_refusal(kernel, options.command.front())) return *refusal;
    auto root = ProcRoot::open(options.proc);
    if (!root) return root.error();
    auto watch = ExactWatch::create(std::move(*root), supervisor_options(options, kernel));
    if (!watch) return watch;
    if (kernel.takes_rights) tell_missed_rights(options, notices);
    if (const std::string text = less_exact_notice(kernel); !text.empty()) notices.notice(text);
    return watch;
}

void tell_what_is_slower(const ExactWatch& watch, Notices& notices) {
    KernelSupport kernel = ask_kernel();
    kernel.wakes_synchronously = watch.supervisor().hands_over_cpu();
    const std::string notice = slower_notice(kernel);
    if (!notice.empty()) notices.notice(notice);
}

std::unique_ptr<SeccompSource> make_exact_source(const Options& options, ExactWatch& watch,
                                                 Command& command, Numbers& numbers) {
    SeccompSource::Options chosen;
    chosen.command = command.pid();
    chosen.process_events = options.poller.process_events;
    chosen.not_names = options.processes.not_names;
    chosen.command_status = [&command] { return command.wait_status(); };
    chosen.command_is_over = [&command] { return command.ended() || command.all_gone(); };
    return std::make_unique<SeccompSource>(watch.queue(), watch.supervisor(), numbers,
                                           std::move(chosen));
}

Error preparation_error(const Options& options, const ExactWatch& watch, int code) {
    const char* advice = "";
    if (code == EBUSY)
        advice =
            "somebody listens to the calls of this process already: an -X around this one, or a "
            "container runtime; leave -X out to watch by looks";
    if (code == ECONNRESET) {
        advice = "its calls would not be served, so it was not run";
        code = watch.supervisor().refusal();
    }
    return {"watch every call of", options.command.front(), code, advice};
}

}  // namespace logfia
