#pragma once

#include <logfia/output/record_writer.hpp>
#include <logfia/output/report_options.hpp>
#include <logfia/report/leaks.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace logfia {

/// `--leaks`: gathers what stays open, and judges at the end.
class LeakWriter final : public RecordWriter {
  public:
    /// The command that was started to be watched, if there is one.
    struct Command {
        std::uint64_t number = 0;         ///< our own for its process (Actor::number); 0: none
        std::function<CommandEnd()> end;  ///< called once, at the end of the watch; may be empty
    };

    /// A leak has `fewest` descriptors or more. The watch began at `began`.
    LeakWriter(const ReportOptions& options, std::uint64_t fewest, Command command,
               SteadyTime began)
        : options_(options),
          leaks_(fewest, command.number),
          command_(std::move(command)),
          began_(began) {}

    void append(std::string&, const Event& event, std::string_view) override { leaks_.note(event); }
    void finish(std::string& out, const RunTotals& totals, Now end) override;
    [[nodiscard]] bool has_findings() const override { return leaked_; }

  private:
    ReportOptions options_;
    Leaks leaks_;
    Command command_;
    SteadyTime began_;
    bool leaked_ = false;
};

/// Whether any rule could apply to anything in the watch.
enum class LeakVerdict : std::uint8_t { given, none };

/// The verdict for a person: what has leaked, and why; then what else was left open.
void append_leaks(std::string& out, const LeakReport& report, LeakVerdict verdict, TimeColumn time);

/// An object on one line: `time`, `event` `"leaks"`, `leaked`, `judged` (a verdict was given),
/// `leak_min`, `groups`, each with `pid`, `comm`, `type`, `name`, `count`, `leak`, `rule` (of a
/// leak: `open_at_exit` or `growth`), `judged`, `in_close_wait` (where there are any),
/// `first_seen`, `watched_ms`, `fd_limit` and `fd_share` (of the limit, 0 to 1), and `not_listed`:
/// how many groups of ended processes were forgotten.
void append_leaks_json(std::string& out, const LeakReport& report, LeakVerdict verdict,
                       TimeColumn time, const Now& end);

}  // namespace logfia
