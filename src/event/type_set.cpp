#include <logfia/event/type_set.hpp>

namespace logfia {
namespace {

bool is_meant(const FdTypeRow& row, std::string_view word) {
    if (word == "inet") return is_in(row.type, FdGroup::inet);
    if (word == "socket") return is_in(row.type, FdGroup::socket);
    return word == row.name;
}

}  // namespace

std::optional<TypeSet> types_named(std::string_view word) {
    if (word.empty()) return std::nullopt;
    std::optional<TypeSet> types;
    for (const FdTypeRow& row : fd_types()) {
        if (!is_meant(row, word)) continue;
        if (!types) types.emplace();
        types->add(row.type);
    }
    return types;
}

std::optional<EventSet> events_named(std::string_view word) {
    std::optional<EventSet> events;
    for (const EventKindRow& row : event_kinds()) {
        if (!is_of_processes(row) || (word != "all" && word != row.name)) continue;
        if (!events) events.emplace();
        events->add(row.kind);
    }
    return events;
}

bool is_of_processes(const EventKindRow& row) {
    return row.applies_to(Subject::descriptor) || row.applies_to(Subject::process);
}

}  // namespace logfia
