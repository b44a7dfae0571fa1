#include <logfia/base/escape.hpp>
#include <logfia/output/notices.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>

namespace logfia {

Notices::Notices(int fd, Verbosity verbosity) : verbosity_(verbosity) {
    if (auto output = Output::to_descriptor(fd, "standard error")) output_ = std::move(*output);
}

void Notices::notice(std::string_view text) {
    if (verbosity_ == Verbosity::normal) error(text);
}

void Notices::error(std::string_view text) {
    if (!output_) return;
    flush();
    if (output_->backlog() + text.size() > kMaxPending && output_->backlog() > 0) {
        ++dropped_;
        return;
    }
    std::string& lines = output_->buffer();
    if (const auto count = std::exchange(dropped_, 0); count > 0) {
        append_message(lines, fmt::format("{} lines for standard error were dropped: nobody read "
                                          "them",
                                          count));
    }
    append_message(lines, text);
    flush();
}

void Notices::write(std::string_view lines) {
    if (!output_) return;
    output_->append_records(lines);
    flush();
}

bool Notices::flush() {
    // If stderr is gone there is nowhere left to complain.
    return !output_ || output_->flush() != WriteStatus::pending;
}

}  // namespace logfia
