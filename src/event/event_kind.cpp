#include <logfia/event/event_kind.hpp>

#include <array>
#include <cstddef>

namespace logfia {
namespace {

constexpr std::uint8_t kFd = static_cast<std::uint8_t>(Subject::descriptor);
constexpr std::uint8_t kPath = static_cast<std::uint8_t>(Subject::path);
constexpr std::uint8_t kProcess = static_cast<std::uint8_t>(Subject::process);

constexpr std::array kKinds = std::to_array<EventKindRow>({
    {EventKind::lost, "lost", kFd | kPath | kProcess, kFd | kPath | kProcess},
    {EventKind::close, "close", kFd | kPath, kFd},
    {EventKind::open, "open", kFd | kPath, kFd},
    {EventKind::rename, "rename", kFd | kPath, kFd | kPath},
    {EventKind::connect, "connect", kFd, kFd},
    {EventKind::listen, "listen", kFd, kFd},
    {EventKind::hangup, "hangup", kFd, 0},
    {EventKind::start, "start", kProcess, 0},
    {EventKind::exec, "exec", kPath | kProcess, 0},
    {EventKind::exit, "exit", kProcess, 0},
    {EventKind::create, "create", kPath, kPath},
    {EventKind::remove, "delete", kPath, kPath},
    {EventKind::written, "written", kPath, kPath},
    {EventKind::attrib, "attrib", kPath, kPath},
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
