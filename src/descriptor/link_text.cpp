#include <logfia/descriptor/link_text.hpp>

#include <array>
#include <charconv>

namespace logfia {
namespace {

struct KindOfLink {
    std::string_view text;
    FdType type;
};

// The names that follow "anon_inode:" (anon_inode_getfd(), each caller's).
constexpr std::array kAnonymous{
    KindOfLink{"[eventfd]", FdType::eventfd},
    KindOfLink{"[eventpoll]", FdType::epoll},
    KindOfLink{"inotify", FdType::inotify},
    KindOfLink{"[fanotify]", FdType::fanotify},
    KindOfLink{"[signalfd]", FdType::signalfd},
    KindOfLink{"[timerfd]", FdType::timerfd},
    KindOfLink{"[pidfd]", FdType::pidfd},
    KindOfLink{"[io_uring]", FdType::io_uring},
    KindOfLink{"[userfaultfd]", FdType::userfaultfd},
    KindOfLink{"[perf_event]", FdType::perf_event},
    KindOfLink{"btf", FdType::bpf},
};

// "TEXT:[N]" (proc_pid_fd(5), namespaces(7)); pidfds have a filesystem of their own since 6.9.
constexpr std::array kNumbered{
    KindOfLink{"socket", FdType::socket},   KindOfLink{"pipe", FdType::pipe},
    KindOfLink{"pidfd", FdType::pidfd},     KindOfLink{"cgroup", FdType::name_space},
    KindOfLink{"ipc", FdType::name_space},  KindOfLink{"mnt", FdType::name_space},
    KindOfLink{"net", FdType::name_space},  KindOfLink{"pid", FdType::name_space},
    KindOfLink{"time", FdType::name_space}, KindOfLink{"user", FdType::name_space},
    KindOfLink{"uts", FdType::name_space},
};

template <std::size_t N>
FdType find_kind(const std::array<KindOfLink, N>& kinds, std::string_view text, FdType otherwise) {
    for (const auto& kind : kinds)
        if (kind.text == text) return kind.type;
    return otherwise;
}

FdType anonymous_type(std::string_view text) {
    if (text.starts_with("bpf")) return FdType::bpf;  // bpf-map, bpf-prog, bpf_link, …
    return find_kind(kAnonymous, text, FdType::anon_inode);
}

}  // namespace

FdType type_of_link(std::string_view name) {
    if (name.starts_with('/')) return FdType::unknown;
    if (name.starts_with(kAnonInode)) return anonymous_type(name.substr(kAnonInode.size()));
    const auto colon = name.find(":[");
    if (colon == std::string_view::npos) return FdType::unknown;
    return find_kind(kNumbered, name.substr(0, colon), FdType::unknown);
}

std::optional<std::uint64_t> socket_inode(std::string_view name) {
    return name.starts_with("socket:[") ? bracketed_number(name) : std::nullopt;
}

std::optional<std::uint64_t> bracketed_number(std::string_view text) {
    const auto colon = text.find(":[");
    if (text.starts_with('/') || colon == std::string_view::npos) return std::nullopt;
    text.remove_prefix(colon + 2);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || std::string_view(end, text.data() + text.size()) != "]")
        return std::nullopt;
    return number;
}

}  // namespace logfia
