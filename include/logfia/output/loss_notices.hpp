#pragma once

#include <logfia/event/notice_sink.hpp>
#include <logfia/output/record_writer.hpp>

#include <string>
#include <string_view>

namespace logfia {

/// Says on standard error what may have been missed, for runs that print no records. Late looks are
/// left to the summary, which counts them.
class LossNotices final : public RecordWriter {
  public:
    /// `notices` must outlive this.
    explicit LossNotices(NoticeSink& notices) : notices_(notices) {}

    void append(std::string& out, const Event& event, std::string_view host) override;

  private:
    NoticeSink& notices_;
};

}  // namespace logfia
