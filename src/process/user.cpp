#include <logfia/base/fields.hpp>
#include <logfia/process/user.hpp>

#include <pwd.h>

#include <cstdio>
#include <memory>
#include <utility>

namespace logfia {
namespace {

template <class Visit>
void for_each_in_passwd(Visit visit) {
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    const std::unique_ptr<std::FILE, Close> file(std::fopen("/etc/passwd", "re"));
    if (!file) return;
    while (const passwd* entry = fgetpwent(file.get())) visit(*entry);
}

#ifdef LOGFIA_STATIC
std::optional<uid_t> uid_of(const std::string& name) {
    std::optional<uid_t> found;
    for_each_in_passwd([&](const passwd& entry) {
        if (!found && name == entry.pw_name) found = entry.pw_uid;
    });
    return found;
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

const std::string& UserNames::name_of(uid_t user) {
    if (!std::exchange(was_read_, true)) read();
    const auto at = names_.find(user);
    return at == names_.end() ? none_ : at->second;
}

/// The first name of a number counts, as in getpwuid(3).
void UserNames::read() {
    for_each_in_passwd(
        [this](const passwd& entry) { names_.try_emplace(entry.pw_uid, entry.pw_name); });
}

}  // namespace logfia
