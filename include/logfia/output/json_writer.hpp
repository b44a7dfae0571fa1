#pragma once

#include <logfia/output/json_members.hpp>
#include <logfia/output/record_writer.hpp>
#include <logfia/output/time_style.hpp>

#include <string>
#include <string_view>

namespace logfia {

struct JsonOptions {
    TimeStyle time = TimeStyle::iso;
    SteadyTime began{};  ///< when the watch began, for TimeStyle::start
    Zone zone = Zone::local;
};

/// Records as JSON Lines: the keys that the manual page lists, in its order. Always valid JSON and
/// valid UTF-8; what is not known is absent.
class JsonWriter : public RecordWriter {
  public:
    explicit JsonWriter(const JsonOptions& options)
        : time_(options.time, options.began, options.zone), opened_(options.zone) {}

    void append(std::string& out, const Event& event, std::string_view host) override;

  private:
    static void append_change(JsonMembers& members, std::string& out, const Event& event,
                              const Loss& loss, std::string_view host);
    void append_change(JsonMembers& members, std::string& out, const Event& event,
                       const DescriptorChange& change, std::string_view host);
    static void append_change(JsonMembers& members, std::string& out, const Event& event,
                              const PathChange& change, std::string_view host);
    static void append_change(JsonMembers& members, std::string& out, const Event& event,
                              const ProcessChange& change, std::string_view host);

    TimeColumn time_;
    Rfc3339 opened_;  ///< apart from that of `time_`: each remembers one second
    std::string scratch_;
};

}  // namespace logfia
