#pragma once

#include <logfia/app/options.hpp>
#include <logfia/event/notice_sink.hpp>
#include <logfia/output/leak_writer.hpp>
#include <logfia/output/output.hpp>
#include <logfia/output/pipeline.hpp>

#include <vector>

namespace logfia {

/// Makes a writer for all that the command line wants written. `notices`, and whom `command`
/// asks, must outlive them; `start` is when the watch began.
std::vector<PipelineWriter> make_writers(const Options& options, const Output& output,
                                         NoticeSink& notices, Now start,
                                         LeakWriter::Command command);

}  // namespace logfia
