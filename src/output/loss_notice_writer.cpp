#include <logfia/output/loss_notice_writer.hpp>

#include <fmt/format.h>

namespace logfia {

void LossNoticeWriter::append(std::string&, const Event& event, std::string_view) {
    const Loss* loss = event.loss();
    if (loss == nullptr || loss->missed_ticks) return;
    const Actor& actor = event.actor;
    notices_.notice(actor.pid == 0
                        ? loss->reason
                        : fmt::format("{}[{}]: {}", actor.comm, actor.pid, loss->reason));
}

}  // namespace logfia
