#pragma once

#include <logfia/output/record_writer.hpp>
#include <logfia/output/time_style.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace logfia {

enum class Columns : std::uint8_t {
    brief,  ///< TIMESTAMP EVENT NAME [DETAIL…]
    full,   ///< `--long`: TIMESTAMP EVENT COMM[PID] FD NAME [DETAIL…]
};

enum class Color : std::uint8_t { off, on };

struct TextOptions {
    Columns columns = Columns::brief;
    Color color = Color::off;  ///< only the word EVENT is coloured
    TimeStyle time = TimeStyle::iso;
    SteadyTime began{};  ///< when the watch began, for TimeStyle::start
    Zone zone = Zone::local;
};

/// Records as lines of text. Every byte that is not ours is escaped (see base/escape.hpp).
class TextWriter : public RecordWriter {
  public:
    explicit TextWriter(const TextOptions& options)
        : options_(options), time_(options.time, options.began, options.zone) {}

    void append(std::string& out, const Event& event, std::string_view host) override;

  private:
    void append_kind(std::string& out, EventKind kind) const;
    void append_change(std::string& out, const Event& event, const Loss& loss,
                       std::string_view host) const;
    void append_change(std::string& out, const Event& event, const DescriptorChange& change,
                       std::string_view host) const;
    void append_change(std::string& out, const Event& event, const PathChange& change,
                       std::string_view host) const;
    void append_change(std::string& out, const Event& event, const ProcessChange& change,
                       std::string_view host) const;

    TextOptions options_;
    TimeColumn time_;
};

/// Appends ` DETAIL` of a socket, its leading space included; nothing where there is none.
void append_socket_detail(std::string& out, const Descriptor& descriptor, std::string_view host);

}  // namespace logfia
