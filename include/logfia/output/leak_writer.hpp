#pragma once

#include <logfia/output/record_writer.hpp>
#include <logfia/output/report_options.hpp>
#include <logfia/report/leaks.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace logfia {

/// `--leaks`: gathers what stays open, and judges at the end.
class LeakWriter final : public RecordWriter {
  public:
    /// A group of `least` or more is a leak.
    LeakWriter(const ReportOptions& options, std::uint64_t fewest)
        : options_(options), leaks_(fewest) {}

    void append(std::string&, const Event& event, std::string_view) override { leaks_.note(event); }
    void finish(std::string& out, const RunTotals& totals, Now end) override;
    [[nodiscard]] bool has_findings() const override { return leaks_.leaked(); }

  private:
    ReportOptions options_;
    Leaks leaks_;
};

/// The verdict for a person: what has leaked, then what else was left open.
void append_leaks(std::string& out, const Leaks& leaks, TimeColumn time);

/// An object on one line: `time`, `event` `"leaks"`, `leaked`, `leak_min`, `groups`, each with
/// `pid`, `comm`, `type`, `name`, `count`, `leak`, `first_seen`, `fd_limit` and `fd_share` (of the
/// limit, 0 to 1), and `not_listed`: how many small groups of ended processes were forgotten.
void append_leaks_json(std::string& out, const Leaks& leaks, TimeColumn time, const Now& end);

}  // namespace logfia
