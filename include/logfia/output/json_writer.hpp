#pragma once

#include <logfia/output/record_writer.hpp>
#include <logfia/output/time_style.hpp>

#include <string>
#include <string_view>

namespace logfia {

struct JsonOptions {
    TimeStyle time = TimeStyle::iso;
    SteadyTime began{};  ///< when the watch began, for TimeStyle::start
};

/// Records as JSON Lines: the keys of the interface contract, in its order. Always valid JSON and
/// valid UTF-8; what is not known is absent.
class JsonWriter : public RecordWriter {
  public:
    explicit JsonWriter(const JsonOptions& options) : time_(options.time, options.began) {}

    void append(std::string& out, const Event& event, std::string_view host) override;

  private:
    TimeColumn time_;
    Rfc3339 opened_;  ///< apart from that of `time_`: each remembers one second
    std::string scratch_;
};

}  // namespace logfia
