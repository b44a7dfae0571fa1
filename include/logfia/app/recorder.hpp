#pragma once

#include <logfia/event/filter.hpp>
#include <logfia/output/record_writer.hpp>
#include <logfia/report/leaks.hpp>
#include <logfia/report/summary.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logfia {

/// The last stop of each event, in the order of the records and with its peer's name: judges what
/// a filter could not judge without that name, counts for the summary and the leaks, and has
/// written what is to be written.
class Recorder final : public RecordWriter {
  public:
    struct Parts {
        std::unique_ptr<RecordWriter> writer;  ///< null: nothing is written (`-c`)
        std::optional<Summary> summary;
        std::optional<Leaks> leaks;
        std::optional<std::uint64_t> limit;  ///< after so many records only `lost` is taken
    };
    /// `filter` must outlive this.
    Recorder(Filter& filter, Parts parts) : filter_(filter), parts_(std::move(parts)) {}

    void append(std::string& out, const Event& event, std::string_view host) override;

    /// What is counted although it is not shown.
    [[nodiscard]] bool counts() const { return parts_.summary || parts_.leaks; }
    [[nodiscard]] bool full() const { return parts_.limit && records_ >= *parts_.limit; }
    [[nodiscard]] std::uint64_t records() const { return records_; }  ///< but `lost`
    [[nodiscard]] const std::optional<Summary>& summary() const { return parts_.summary; }
    [[nodiscard]] const std::optional<Leaks>& leaks() const { return parts_.leaks; }

  private:
    Filter& filter_;
    Parts parts_;
    std::uint64_t records_ = 0;
};

}  // namespace logfia
