#include <logfia/app/recorder.hpp>

namespace logfia {

void Recorder::append(std::string& out, const Event& event, std::string_view host) {
    if (event.undecided && !filter_.decide(event, host)) return;
    // A loss before the last record may become known only after it.
    if (full() && event.kind != EventKind::lost) return;
    if (parts_.summary) parts_.summary->note(event, host);
    if (parts_.leaks) parts_.leaks->note(event);
    if (!filter_.shows(event)) return;
    if (event.kind != EventKind::lost) ++records_;
    if (parts_.writer) parts_.writer->append(out, event, host);
}

}  // namespace logfia
