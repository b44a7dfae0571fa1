#include <logfia/base/escape.hpp>
#include <logfia/output/json_members.hpp>
#include <logfia/output/leak_writer.hpp>
#include <logfia/output/summary_writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace logfia {
namespace {

/// `412 of 1,024 (40 %)  worker[4711]  file /var/log/app.log  since …`
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
    out += "  since ";
    time.append(out, group.first_seen);
    out += '\n';
}

void append_group_json(std::string& out, const LeakGroup& group, bool leak, TimeColumn& time) {
    JsonMembers members(out);
    members.number("pid", group.pid);
    members.bytes("comm", group.comm);
    members.text_if_any("type", to_string(group.type));
    members.bytes("name", group.name);
    members.number("count", group.count);
    members.truth_value("leak", leak);
    members.time("first_seen", time, group.first_seen);
    members.number_if_known("fd_limit", group.fd_limit);
    if (group.fd_limit && *group.fd_limit > 0) {
        members.key("fd_share");
        fmt::format_to(std::back_inserter(out), "{:.4f}",
                       static_cast<double>(group.count) / static_cast<double>(*group.fd_limit));
    }
    members.end_inner();
}

}  // namespace

void LeakWriter::finish(std::string& out, const RunTotals&, Now end) {
    if (options_.format == ReportFormat::json)
        append_leaks_json(out, leaks_, options_.time, end);
    else
        append_leaks(out, leaks_, options_.time);
}

void append_leaks(std::string& out, const Leaks& leaks, TimeColumn time) {
    const std::vector<LeakGroup> groups = leaks.groups();
    // The leaks stand first: they are the biggest.
    const auto small = std::find_if(groups.begin(), groups.end(),
                                    [&](const LeakGroup& group) { return !leaks.is_leak(group); });
    const auto leaked = small - groups.begin();
    if (leaked == 0)
        out += "no leaked descriptors\n";
    else
        fmt::format_to(std::back_inserter(out), "leaked descriptors, {} or more alike:\n",
                       leaks.fewest());
    for (auto at = groups.begin(); at != small; ++at) append_group(out, *at, time);
    if (small != groups.end())
        fmt::format_to(std::back_inserter(out), "left open, fewer than {} alike:\n",
                       leaks.fewest());
    for (auto at = small; at != groups.end(); ++at) append_group(out, *at, time);
    if (leaks.forgotten() > 0)
        fmt::format_to(std::back_inserter(out), "  and {} more that are no leak\n",
                       grouped_digits(leaks.forgotten()));
}

void append_leaks_json(std::string& out, const Leaks& leaks, TimeColumn time, const Now& end) {
    JsonMembers members(out);
    members.time("time", time, end);
    members.text("event", "leaks");
    members.truth_value("leaked", leaks.leaked());
    members.number("leak_min", leaks.fewest());
    members.key("groups");
    out += '[';
    bool first = true;
    for (const LeakGroup& group : leaks.groups()) {
        if (!first) out += ',';
        first = false;
        append_group_json(out, group, leaks.is_leak(group), time);
    }
    out += ']';
    members.number("not_listed", leaks.forgotten());
    members.end();
}

}  // namespace logfia
