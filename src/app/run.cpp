#include <logfia/app/run.hpp>
#include <logfia/app/watch.hpp>
#include <logfia/net/cares_resolver.hpp>
#include <logfia/output/json_writer.hpp>
#include <logfia/output/text_writer.hpp>
#include <logfia/proc/process_set.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace logfia {
namespace {

/// A standard stream that is closed would lend its number to the next file that is opened, which
/// then would get what was meant for the stream.
bool occupy_standard_streams() {
    bool output_was_open = true;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        if (fd == STDOUT_FILENO) output_was_open = false;
        if (::open("/dev/null", O_RDWR | O_NOCTTY) < 0) return false;
    }
    return output_was_open;
}

bool wants_color(const Options& options, const Output& output) {
    if (options.color != ColorWhen::automatic) return options.color == ColorWhen::always;
    const char* no_color = std::getenv("NO_COLOR");
    return (no_color == nullptr || *no_color == '\0') && output.is_terminal();
}

std::unique_ptr<RecordWriter> make_writer(const Options& options, const Output& output, Now start) {
    if (options.json) return std::make_unique<JsonWriter>(JsonOptions{options.time, start.steady});
    TextOptions text;
    text.columns = options.long_format ? Columns::full : Columns::brief;
    text.color = wants_color(options, output) ? Color::on : Color::off;
    text.time = options.time;
    text.began = start.steady;
    return std::make_unique<TextWriter>(text);
}

/// Without names a watch is still worth its while: a resolver that cannot be had is only a notice.
std::unique_ptr<Resolver> make_resolver(const Options& options, Notices& notices) {
    if (options.numeric || options.real_files) return nullptr;
    CaresOptions cares;
    cares.servers = options.dns_servers;
    auto lookup = make_cares_lookup(cares);
    if (lookup) return std::make_unique<Resolver>(std::move(*lookup));
    notices.notice("no host names: " + describe(lookup.error()));
    return nullptr;
}

/// Below some milliseconds the kernel's usual slack of 50 us would be felt (prctl(2)).
void sharpen_timer(Duration interval) {
    if (interval < std::chrono::milliseconds(10)) prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

ExitStatus fail(Notices& notices, const Error& error) {
    notices.error(describe(error));
    return ExitStatus::failure;
}

}  // namespace

ExitStatus run(const Options& options) {
    const bool output_is_open = occupy_standard_streams();
    Notices notices(STDERR_FILENO, options.quiet ? Verbosity::quiet : Verbosity::normal);
    if (options.output.empty() && !output_is_open)
        return fail(notices, {"write to", "standard output", EBADF, "it is closed"});

    auto root = ProcRoot::open(options.proc);
    if (!root) return fail(notices, root.error());
    OpenedProcesses opened = open_processes(*root, options.pids);
    for (const Error& error : opened.errors) notices.error(describe(error));
    if (opened.processes.empty()) return ExitStatus::failure;
    if (!opened.notice.empty()) notices.notice(opened.notice);

    auto output = options.output.empty() ? Output::to_stdout() : Output::to_file(options.output);
    if (!output) return fail(notices, output.error());
    auto waiter = Waiter::create();
    if (!waiter) return fail(notices, waiter.error());
    const Now start = read_clocks();
    auto writer = make_writer(options, *output, start);
    Poller poller(std::move(*root), {options.interval, !options.real_files});
    for (Process& process : opened.processes) poller.add(std::move(process));
    sharpen_timer(options.interval);

    Watch watch(options,
                {std::move(poller), make_resolver(options, notices), std::move(writer),
                 std::move(*output), std::move(*waiter)},
                notices, start);
    const ExitStatus status = watch.run();
    return opened.errors.empty() ? status : ExitStatus::failure;
}

}  // namespace logfia
