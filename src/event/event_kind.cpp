#include <logfia/event/event_kind.hpp>

#include <array>
#include <cstddef>

namespace logfia {
namespace {

constexpr std::uint8_t kFd = static_cast<std::uint8_t>(Subject::descriptor);
constexpr std::uint8_t kPath = static_cast<std::uint8_t>(Subject::path);
constexpr std::uint8_t kProcess = static_cast<std::uint8_t>(Subject::process);

constexpr std::array kKinds = std::to_array<EventKindRow>({
    {EventKind::lost, "lost", kFd | kPath | kProcess},
    {EventKind::close, "close", kFd | kPath},
    {EventKind::open, "open", kFd | kPath},
    {EventKind::rename, "rename", kFd | kPath},
    {EventKind::connect, "connect", kFd},
    {EventKind::listen, "listen", kFd},
    {EventKind::hangup, "hangup", kFd},
    {EventKind::start, "start", kProcess},
    {EventKind::exec, "exec", kPath | kProcess},
    {EventKind::exit, "exit", kProcess},
    {EventKind::create, "create", kPath},
    {EventKind::remove, "delete", kPath},
    {EventKind::written, "written", kPath},
    {EventKind::attrib, "attrib", kPath},
});

constexpr bool rows_are_in_place() {
    for (std::size_t i = 0; i < kKinds.size(); ++i)
        if (static_cast<std::size_t>(kKinds[i].kind) != i) return false;
    return true;
}
static_assert(kKinds.size() == kEventKindCount && rows_are_in_place(),
              "row_of() finds a row by its kind");

}  // namespace

std::span<const EventKindRow> event_kinds() {
    return kKinds;
}

const EventKindRow& row_of(EventKind kind) {
    return kKinds[static_cast<std::size_t>(kind)];
}

}  // namespace logfia
