#include <logfia/app/writers.hpp>
#include <logfia/output/json_writer.hpp>
#include <logfia/output/loss_notice_writer.hpp>
#include <logfia/output/summary_writer.hpp>
#include <logfia/output/text_writer.hpp>

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <utility>

namespace logfia {
namespace {

using Takes = PipelineWriter::Takes;
using FinishGoes = PipelineWriter::FinishGoes;

bool wants_color(const Options& options, const Output& output) {
    if (options.color != ColorWhen::automatic) return options.color == ColorWhen::always;
    const char* no_color = std::getenv("NO_COLOR");
    return (no_color == nullptr || *no_color == '\0') && output.terminal() >= 0;
}

std::unique_ptr<RecordWriter> make_record_writer(const Options& options, const Output& output,
                                                 Now start) {
    if (options.json)
        return std::make_unique<JsonWriter>(JsonOptions{options.time, start.steady, options.zone});
    TextOptions text;
    text.columns = options.long_format ? Columns::full : Columns::brief;
    text.color = wants_color(options, output) ? Color::on : Color::off;
    text.time = options.time;
    text.began = start.steady;
    text.zone = options.zone;
    return std::make_unique<TextWriter>(text);
}

}  // namespace

std::vector<PipelineWriter> make_writers(const Options& options, const Output& output,
                                         NoticeSink& notices, Now start,
                                         LeakWriter::Command command) {
    std::vector<PipelineWriter> writers;
    const auto format = options.json ? ReportFormat::json : ReportFormat::text;
    const auto time = TimeColumn::of_report(options.time, start.steady, options.zone);
    if (options.summary == SummaryWhen::only) {
        writers.push_back({std::make_unique<LossNoticeWriter>(notices)});
        writers.push_back(
            {std::make_unique<SummaryWriter>(ReportOptions{format, time, output.terminal()}),
             Takes::kept});
    } else {
        writers.push_back({make_record_writer(options, output, start)});
    }
    if (options.leaks)
        writers.push_back(
            {std::make_unique<LeakWriter>(ReportOptions{format, time, output.terminal()},
                                          options.leak_min, std::move(command), start.steady),
             Takes::kept});
    if (options.summary == SummaryWhen::after)
        writers.push_back(
            {std::make_unique<SummaryWriter>(ReportOptions{format, time, STDERR_FILENO}),
             Takes::kept, FinishGoes::apart});
    return writers;
}

}  // namespace logfia
