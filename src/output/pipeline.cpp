#include <logfia/output/pipeline.hpp>

#include <algorithm>
#include <utility>

namespace logfia {

Pipeline::Pipeline(Parts parts)
    : parts_(std::move(parts)),
      filter_(std::move(parts_.filter)),
      queue_(parts_.resolver.get(), parts_.name_wait),
      counts_(std::any_of(parts_.writers.begin(), parts_.writers.end(), [](const auto& one) {
          return one.takes == PipelineWriter::Takes::kept;
      })) {}

void Pipeline::begin(std::string& out) {
    for (const auto& one : parts_.writers) one.writer->begin(out);
}

void Pipeline::push(Event&& event, SteadyTime now) {
    const Filter::Verdict verdict = filter_.judge(event);
    if (verdict == Filter::Verdict::drop) return;
    const bool undecided = verdict == Filter::Verdict::ask;
    const bool shown = filter_.shows(event);
    if (!shown && !undecided && !counts_) return;
    if (shown && !undecided && event.kind != EventKind::lost) ++certain_;
    const NameNeed name = undecided ? NameNeed::decides
                          : shown   ? NameNeed::wanted
                                    : NameNeed::unwanted;
    queue_.push(std::move(event), now, name);
}

void Pipeline::write_ready(SteadyTime now, std::string& out) {
    while (queue_.ready(now)) write_front(out);
}

void Pipeline::write_all(std::string& out) {
    while (!queue_.empty()) write_front(out);
}

void Pipeline::write_front(std::string& out) {
    const Event& event = queue_.front();
    const std::string_view host = queue_.front_host();
    const bool passes = queue_.front_name() != NameNeed::decides || filter_.decide(event, host);
    const bool is_loss = event.kind == EventKind::lost;
    // A loss before the last record may become known only after it.
    if (passes && (!is_full() || is_loss)) {
        const bool shown = filter_.shows(event);
        if (shown && !is_loss) ++records_;
        for (const auto& one : parts_.writers)
            if (shown || one.takes == PipelineWriter::Takes::kept)
                one.writer->append(out, event, host);
    }
    queue_.pop();
}

void Pipeline::finish(PipelineWriter::FinishGoes where, std::string& out,
                      const SourceTotals& sources, Now end) {
    RunTotals totals;
    totals.sources = sources;
    totals.records = records_;
    if (parts_.resolver) {
        totals.names_asked = parts_.resolver->asked();
        totals.names_found = parts_.resolver->found();
    }
    for (const auto& one : parts_.writers)
        if (one.finish_goes == where) one.writer->finish(out, totals, end);
}

bool Pipeline::has_findings() const {
    return std::any_of(parts_.writers.begin(), parts_.writers.end(),
                       [](const auto& one) { return one.writer->has_findings(); });
}

void Pipeline::add_pollfds(std::vector<pollfd>& pollfds) const {
    if (parts_.resolver) parts_.resolver->add_pollfds(pollfds);
}

std::optional<Duration> Pipeline::name_timeout() const {
    return parts_.resolver ? parts_.resolver->timeout() : std::nullopt;
}

// NOLINTNEXTLINE(readability-make-member-function-const): the resolver is a part of it
void Pipeline::receive_answers(std::span<const pollfd> ready, SteadyTime now) {
    if (parts_.resolver) parts_.resolver->process(ready, now);
}

}  // namespace logfia
