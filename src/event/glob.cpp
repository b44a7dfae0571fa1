#include <logfia/base/deleted_suffix.hpp>
#include <logfia/event/glob.hpp>
#include <logfia/event/socket_text.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <cstring>

namespace logfia {
namespace {

/// Letters, digits and the characters of patterns: nothing else occurs in a host name.
bool may_be_host_pattern(std::string_view pattern) {
    return std::all_of(pattern.begin(), pattern.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-_.*?[]!^\\").find(c) != std::string_view::npos;
    });
}

}  // namespace

Glob::Glob(std::string pattern)
    : pattern_(std::move(pattern)),
      has_slash_(std::strchr(pattern_.c_str(), '/') != nullptr),
      for_hosts_(may_be_host_pattern(pattern_)) {}

bool Glob::matches(const Event& event) const {
    const DescriptorChange* change = event.descriptor_change();
    if (change == nullptr) return false;
    const Descriptor& descriptor = change->descriptor;
    if (matches_name(descriptor.name)) return true;
    if (event.kind == EventKind::rename && matches_name(change->old_name)) return true;
    return descriptor.socket != nullptr && matches_socket(*descriptor.socket);
}

bool Glob::matches_host(std::string_view host) const {
    if (host.empty() || !for_hosts_) return false;
    std::string name(host);
    // GNU's FNM_CASEFOLD: host names are case-insensitive.
    if (fits(name.c_str(), FNM_CASEFOLD)) return true;
    if (name.back() == '.') name.pop_back();
    return fits(name.c_str(), FNM_CASEFOLD);
}

bool Glob::matches_name(const std::string& name) const {
    if (matches_file(name)) return true;
    return name.ends_with(kDeletedSuffix) &&
           matches_file(std::string(without_deleted_suffix(name)));
}

bool Glob::matches_file(const std::string& name) const {
    if (fits(name.c_str())) return true;
    const std::size_t slash = has_slash_ ? std::string::npos : name.rfind('/');
    return slash != std::string::npos && fits(name.c_str() + slash + 1);
}

bool Glob::matches_socket(const SocketInfo& socket) const {
    // The rest after a NUL, which an abstract name may hold, is not compared.
    if (!socket.path.empty() && matches_file(socket.path)) return true;
    if (!socket.peer_path.empty() && matches_file(socket.peer_path)) return true;
    return any_spelling_of_address(socket,
                                   [this](const std::string& text) { return fits(text.c_str()); });
}

bool Glob::fits(const char* text, int flags) const {
    // `[2001:db8::7]:443` matches itself too, although fnmatch(3) takes brackets for a set of
    // characters.
    return fnmatch(pattern_.c_str(), text, flags) == 0 || pattern_ == text;
}

}  // namespace logfia
