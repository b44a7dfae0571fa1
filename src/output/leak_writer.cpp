#include <logfia/base/escape.hpp>
#include <logfia/output/json_members.hpp>
#include <logfia/output/leak_writer.hpp>
#include <logfia/output/summary_writer.hpp>

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

namespace logfia {
namespace {

std::string_view rule_name(LeakRule rule) {
    switch (rule) {
        case LeakRule::open_at_the_end:
            return "open_at_exit";
        case LeakRule::growth:
            return "growth";
        case LeakRule::none:
            break;
    }
    return {};
}

/// `412 of 1,024 (40 %)  worker[4711]  file /var/log/app.log  since … until the command ended`
void append_group(std::string& out, const LeakGroup& group, TimeColumn& time) {
    fmt::format_to(std::back_inserter(out), "  {}", grouped_digits(group.count));
    if (group.fd_limit && *group.fd_limit > 0) {
        const double percent =
            100.0 * static_cast<double>(group.count) / static_cast<double>(*group.fd_limit);
        fmt::format_to(std::back_inserter(out), " of {} ({:.{}f} %)",
                       grouped_digits(*group.fd_limit), percent,
                       percent < 1    ? 2
                       : percent < 10 ? 1
                                      : 0);
    }
    out += "  ";
    append_escaped_word(out, group.comm);
    fmt::format_to(std::back_inserter(out), "[{}]  ", group.pid);
    if (group.name != to_string(group.type)) {
        out += to_string(group.type);
        out += ' ';
    }
    append_escaped(out, group.name);
    if (group.in_close_wait > 0)
        fmt::format_to(std::back_inserter(out), " ({} in CLOSE_WAIT)",
                       grouped_digits(group.in_close_wait));
    out += "  since ";
    time.append(out, group.first_seen);
    if (group.rule == LeakRule::open_at_the_end) out += " until the command ended";
    if (group.rule == LeakRule::growth) out += ", growing for " + short_time(group.watched);
    out += '\n';
}

std::string heading_of(const LeakGroup& group, std::uint64_t fewest) {
    if (group.rule != LeakRule::none)
        return fmt::format("leaked descriptors, {} or more alike:\n", fewest);
    return group.judged ? "left open, but no leak:\n"
                        : "left open by processes watched for less than 10 s, not judged:\n";
}

void append_group_json(std::string& out, const LeakGroup& group, TimeColumn& time) {
    JsonMembers members(out);
    members.number("pid", group.pid);
    members.bytes("comm", group.comm);
    members.text_if_any("type", to_string(group.type));
    members.bytes("name", group.name);
    members.number("count", group.count);
    members.truth_value("leak", group.rule != LeakRule::none);
    members.text_if_any("rule", rule_name(group.rule));
    members.truth_value("judged", group.judged);
    if (group.in_close_wait > 0) members.number("in_close_wait", group.in_close_wait);
    members.time("first_seen", time, group.first_seen);
    members.milliseconds("watched_ms", group.watched);
    members.number_if_known("fd_limit", group.fd_limit);
    if (group.fd_limit && *group.fd_limit > 0) {
        members.key("fd_share");
        fmt::format_to(std::back_inserter(out), "{:.4f}",
                       static_cast<double>(group.count) / static_cast<double>(*group.fd_limit));
    }
    members.end_inner();
}

}  // namespace

void LeakWriter::finish(std::string& out, const RunTotals& totals, Now end) {
    const CommandEnd command_end = command_.end ? command_.end() : CommandEnd::otherwise;
    const LeakReport report = leaks_.report(end.steady, command_end);
    leaked_ = report.leaked();
    const bool has_watched =
        totals.sources.processes > 0 && end.steady - began_ >= Leaks::kLongEnough;
    const auto verdict = has_watched || command_end == CommandEnd::by_itself ? LeakVerdict::given
                                                                             : LeakVerdict::none;
    if (options_.format == ReportFormat::json)
        append_leaks_json(out, report, verdict, options_.time, end);
    else
        append_leaks(out, report, verdict, options_.time);
}

void append_leaks(std::string& out, const LeakReport& report, LeakVerdict verdict,
                  TimeColumn time) {
    if (!report.leaked())
        out += verdict == LeakVerdict::given ? "no leaked descriptors\n"
                                             : "no verdict on leaks: no process was watched for "
                                               "the 10 s in which growth shows\n";
    std::string heading;  // of the groups that were written last
    for (const LeakGroup& group : report.groups) {
        if (std::string own = heading_of(group, report.fewest); own != heading)
            out += heading = std::move(own);
        append_group(out, group, time);
    }
    if (report.forgotten > 0)
        fmt::format_to(std::back_inserter(out), "  and {} more, none of them a leak\n",
                       grouped_digits(report.forgotten));
}

void append_leaks_json(std::string& out, const LeakReport& report, LeakVerdict verdict,
                       TimeColumn time, const Now& end) {
    JsonMembers members(out);
    members.time("time", time, end);
    members.text("event", "leaks");
    members.truth_value("leaked", report.leaked());
    members.truth_value("judged", verdict == LeakVerdict::given);
    members.number("leak_min", report.fewest);
    members.key("groups");
    out += '[';
    bool first = true;
    for (const LeakGroup& group : report.groups) {
        if (!first) out += ',';
        first = false;
        append_group_json(out, group, time);
    }
    out += ']';
    members.number("not_listed", report.forgotten);
    members.end();
}

}  // namespace logfia
