#include <logfia/base/fields.hpp>
#include <logfia/process/user.hpp>

#include <pwd.h>

#include <cstdio>
#include <memory>

namespace logfia {
namespace {

#ifdef LOGFIA_STATIC
std::optional<uid_t> uid_of(const std::string& name) {
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    const std::unique_ptr<std::FILE, Close> file(std::fopen("/etc/passwd", "re"));
    if (!file) return std::nullopt;
    while (const passwd* entry = fgetpwent(file.get()))
        if (name == entry->pw_name) return entry->pw_uid;
    return std::nullopt;
}
#else
std::optional<uid_t> uid_of(const std::string& name) {
    const passwd* entry = getpwnam(name.c_str());
    return entry != nullptr ? std::optional(entry->pw_uid) : std::nullopt;
}
#endif

}  // namespace

std::optional<uid_t> user_named(const std::string& user) {
    if (const auto uid = uid_of(user)) return uid;
    return parse_number<uid_t>(user);
}

}  // namespace logfia
