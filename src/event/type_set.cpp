#include <logfia/event/type_set.hpp>

namespace logfia {
namespace {

template <class Enum, class Visit>
void for_each_value(Enum last, Visit visit) {
    for (int i = 0; i <= static_cast<int>(last); ++i) visit(static_cast<Enum>(i));
}

}  // namespace

std::optional<TypeSet> types_named(std::string_view word) {
    TypeSet types;
    bool any = false;
    for_each_value(FdType::anon_inode, [&](FdType type) {
        const bool in_inet = type >= FdType::tcp && type <= FdType::udp6;
        const bool named = type != FdType::unknown && word == to_string(type);
        if (!named && !(word == "inet" && in_inet) && !(word == "socket" && is_socket(type)))
            return;
        types.add(type);
        any = true;
    });
    return any ? std::optional(types) : std::nullopt;
}

std::optional<EventKind> event_named(std::string_view word) {
    std::optional<EventKind> found;
    for_each_value(EventKind::listen, [&](EventKind kind) {
        if (word == to_string(kind)) found = kind;
    });
    return found;
}

}  // namespace logfia
