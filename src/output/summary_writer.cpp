#include <logfia/base/escape.hpp>
#include <logfia/output/json_members.hpp>
#include <logfia/output/output.hpp>
#include <logfia/output/summary_writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace logfia {
namespace {

constexpr std::size_t kColumns = 6;
using Cells = std::array<std::string, kColumns>;
const Cells kHead{"OPENS", "CLOSES", "OPEN", "MOST", "HELD", "LONGEST"};

// True for a continuation byte of UTF-8: one character counts as one column, which is close enough.
bool goes_on(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !goes_on(c); }));
}

/// The first or last characters of valid UTF-8.
std::string_view first_columns(std::string_view text, std::size_t columns) {
    std::size_t at = 0;
    for (; at < text.size(); ++at)
        if (!goes_on(text[at]) && columns-- == 0) break;
    return text.substr(0, at);
}

std::string_view last_columns(std::string_view text, std::size_t columns) {
    std::size_t at = text.size();
    while (at > 0 && columns > 0)
        if (!goes_on(text[--at])) --columns;
    return text.substr(at);
}

/// Cuts the middle out, since the two ends of a path tell more.
std::string cut_to(const std::string& text, std::size_t columns) {
    if (columns_of(text) <= columns) return text;
    const std::size_t kept = columns - 1;
    return fmt::format("{}…{}", first_columns(text, kept / 2), last_columns(text, kept - kept / 2));
}

Cells cells_of(const SummaryRow& row) {
    const bool held = row.opens > 0;
    return {grouped_digits(row.opens),
            grouped_digits(row.closes),
            grouped_digits(row.open),
            grouped_digits(row.most_open),
            held ? short_time(row.held_total) : "-",
            held ? short_time(row.held_longest) : "-"};
}

std::string label_of(const SummaryRow& row) {
    std::string label;
    append_escaped(label, row.name);
    if (row.names > 1) fmt::format_to(std::back_inserter(label), " ({} names)", row.names);
    if (!row.host.empty()) {
        label += ' ';
        append_escaped(label, row.host);
    }
    return label;
}

std::string counted(std::uint64_t number, const char* one, const char* many) {
    return fmt::format("{} {}", grouped_digits(number), number == 1 ? one : many);
}

void append_totals(std::string& out, const RunTotals& totals) {
    const SourceTotals& sources = totals.sources;
    out += counted(sources.processes, "process", "processes");
    // An exact watch takes none.
    if (sources.looks > 0) out += ", " + counted(sources.looks, "look", "looks");
    if (sources.late_looks > 0)
        fmt::format_to(std::back_inserter(out), " ({} late)", grouped_digits(sources.late_looks));
    if (totals.names_asked > 0)
        fmt::format_to(std::back_inserter(out), ", {} of {} found",
                       grouped_digits(totals.names_found),
                       counted(totals.names_asked, "host name", "host names"));
    fmt::format_to(std::back_inserter(out), ", {}\n", counted(totals.records, "record", "records"));
}

void append_row_json(std::string& out, const SummaryRow& row) {
    JsonMembers members(out);
    members.bytes("name", row.name);
    members.text_if_any("type", to_string(row.type));
    members.text_if_any("remote_host", row.host);
    if (row.names > 1) members.number("names", row.names);
    members.number("opens", row.opens);
    members.number("initial", row.initial);
    members.number("closes", row.closes);
    members.number("open", row.open);
    members.number("most_open", row.most_open);
    members.milliseconds("held_ms", row.held_total);
    members.milliseconds("longest_ms", row.held_longest);
    members.end_inner();
}

}  // namespace

void SummaryWriter::finish(std::string& out, const RunTotals& totals, Now end) {
    const auto rows = summary_.rows(end.steady);
    if (options_.format == ReportFormat::json)
        append_summary_json(out, rows, totals, options_.time, end);
    else
        append_summary(out, rows, totals, terminal_width(options_.terminal));
}

void append_summary(std::string& out, const std::vector<SummaryRow>& rows, const RunTotals& totals,
                    std::size_t width) {
    std::vector<Cells> table{kHead};
    for (const SummaryRow& row : rows) table.push_back(cells_of(row));
    std::array<std::size_t, kColumns> widths{};
    for (const Cells& cells : table)
        for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], cells[i].size());
    std::size_t numbers = 0;
    for (const std::size_t one : widths) numbers += one + 1;
    // A name of a few characters is no use: let the terminal break the line instead.
    constexpr std::size_t kLeast = 12;
    const std::size_t room =
        width == 0 ? std::string::npos : std::max(width, numbers + kLeast) - numbers;
    for (std::size_t i = 0; i < table.size(); ++i) {
        for (std::size_t column = 0; column < kColumns; ++column)
            fmt::format_to(std::back_inserter(out), "{:>{}} ", table[i][column], widths[column]);
        out += cut_to(i == 0 ? "NAME" : label_of(rows[i - 1]), room);
        out += '\n';
    }
    append_totals(out, totals);
}

void append_summary_json(std::string& out, const std::vector<SummaryRow>& rows,
                         const RunTotals& totals, TimeColumn time, const Now& end) {
    JsonMembers members(out);
    members.time("time", time, end);
    members.text("event", "summary");
    members.number("processes", totals.sources.processes);
    if (totals.sources.looks > 0) {
        members.number("looks", totals.sources.looks);
        members.number("late_looks", totals.sources.late_looks);
    }
    members.number("names_asked", totals.names_asked);
    members.number("names_found", totals.names_found);
    members.number("records", totals.records);
    members.key("rows");
    out += '[';
    for (const SummaryRow& row : rows) {
        if (&row != &rows.front()) out += ',';
        append_row_json(out, row);
    }
    out += ']';
    members.end();
}

std::string short_time(Duration time) {
    using std::chrono::duration;
    const double seconds = duration<double>(time).count();
    const auto three_digits = [](double value, const char* unit) {
        return fmt::format("{:.{}f}{}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit);
    };
    const auto whole = std::chrono::round<std::chrono::seconds>(time).count();
    if (seconds < 0.0009995) return fmt::format("{:.0f}us", seconds * 1e6);
    if (seconds < 0.9995) return three_digits(seconds * 1e3, "ms");
    if (seconds < 59.95) return three_digits(seconds, "s");
    if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
    return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

std::string grouped_digits(std::uint64_t number) {
    std::string digits = fmt::format("{}", number);
    for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
    return digits;
}

}  // namespace logfia
