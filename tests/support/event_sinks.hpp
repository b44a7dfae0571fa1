#pragma once

#include <logfia/event/event_sink.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logfia::test {

using Lines = std::vector<std::string>;

/// Keeps everything that a source reports; of each event also a line, in the test's own format.
class KeptEvents final : public EventSink {
  public:
    using Format = std::string (*)(const Event&);
    /// Without `format` there are no lines.
    explicit KeptEvents(Format format = nullptr) : format_(format) {}

    void accept(Event&& event) override {
        if (format_ != nullptr) lines.push_back(format_(event));
        events.push_back(std::move(event));
    }
    void notice(std::string_view line) override { notices.emplace_back(line); }
    /// The lines since the last call.
    Lines take_lines() { return std::exchange(lines, {}); }
    void clear() {
        events.clear();
        lines.clear();
        notices.clear();
    }

    std::vector<Event> events;
    Lines lines;
    Lines notices;

  private:
    Format format_;
};

/// Only counts, which needs no memory.
class CountedEvents final : public EventSink {
  public:
    void accept(Event&&) override { ++events; }
    void notice(std::string_view) override { ++notices; }

    std::size_t events = 0;
    std::size_t notices = 0;
};

}  // namespace logfia::test
