#pragma once

#include <logfia/output/record_writer.hpp>
#include <logfia/output/report_options.hpp>
#include <logfia/report/summary.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace logfia {

/// `--summary`: counts the events that pass, and tells of them at the end.
class SummaryWriter final : public RecordWriter {
  public:
    explicit SummaryWriter(const ReportOptions& options) : options_(options) {}

    void append(std::string&, const Event& event, std::string_view host) override {
        summary_.note(event, host);
    }
    void finish(std::string& out, const RunTotals& totals, Now end) override;

  private:
    ReportOptions options_;
    Summary summary_;
};

/// The table for a person. `width`: the columns of the terminal, into which the names are cut; 0:
/// no limit.
void append_summary(std::string& out, const std::vector<SummaryRow>& rows, const RunTotals& totals,
                    std::size_t width);

/// An object on one line: `time`, `event` `"summary"`, the totals (`processes`, `looks`,
/// `late_looks`, `names_asked`, `names_found`, `records`), and `rows`, each with `name`, `type`,
/// `remote_host`, `names` (where several are one row), `opens`, `initial`, `closes`, `open`,
/// `most_open`, `held_ms` and `longest_ms`.
void append_summary_json(std::string& out, const std::vector<SummaryRow>& rows,
                         const RunTotals& totals, TimeColumn time, const Now& end);

/// `812us`, `5.15ms`, `2.30s`, `3m12s`, `2h05m`.
std::string short_time(Duration time);

/// `12345` as `12,345`.
std::string grouped_digits(std::uint64_t number);

}  // namespace logfia
