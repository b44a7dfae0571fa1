#pragma once

#include <logfia/event/filter.hpp>
#include <logfia/net/resolver.hpp>
#include <logfia/output/name_queue.hpp>
#include <logfia/output/record_writer.hpp>

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace logfia {

/// A writer, and which part of the stream it gets.
struct PipelineWriter {
    enum class Takes : std::uint8_t {
        shown,  ///< the records that are to be shown
        kept,   ///< also events that the filter keeps but does not show: they count
    };
    enum class FinishGoes : std::uint8_t {
        with_records,
        apart,  ///< after them, to standard error
    };
    std::unique_ptr<RecordWriter> writer;
    Takes takes = Takes::shown;
    FinishGoes finish_goes = FinishGoes::with_records;
};

/// The way of each Event from its source to the bytes of its record: the filter, the queue in which
/// the event waits for its peer's name, the limit of `--count`, and every writer. Never waits and
/// reads no clock; `out` is where whole records are appended.
class Pipeline {
  public:
    struct Parts {
        FilterOptions filter{};
        std::vector<PipelineWriter> writers{};
        std::unique_ptr<Resolver> resolver{};  ///< null: no names are looked up
        Duration name_wait{};                  ///< how long a record waits for its peer's name
        std::optional<std::uint64_t> limit{};  ///< after this many records only `lost` is taken
    };
    explicit Pipeline(Parts parts);

    void begin(std::string& out);

    /// `now` is when the event's wait for a name begins.
    void push(Event&& event, SteadyTime now);
    /// As many records as the limit allows are written, or queued and sure to be written: no later
    /// event will be written, except `lost`.
    [[nodiscard]] bool has_enough() const { return parts_.limit && certain_ >= *parts_.limit; }

    /// See Filter::unidentified().
    [[nodiscard]] std::uint64_t unidentified() const { return filter_.unidentified(); }

    /// Writes the records that need not wait.
    void write_ready(SteadyTime now, std::string& out);
    /// Writes all: nothing waits any more.
    void write_all(std::string& out);
    /// As many records as the limit allows are written: only `lost` may still be.
    [[nodiscard]] bool is_full() const { return parts_.limit && records_ >= *parts_.limit; }
    [[nodiscard]] bool empty() const { return queue_.empty(); }

    /// Ends the writers whose reports go where the records go, and then, in a call of its own,
    /// those whose reports go apart.
    void finish(PipelineWriter::FinishGoes where, std::string& out, const SourceTotals& sources,
                Now end);
    /// Good once all is finished.
    [[nodiscard]] bool has_findings() const;

    /// Name servers: what to poll for them, how soon to call receive_answers() although none is
    /// ready, and what poll(2) returned.
    void add_pollfds(std::vector<pollfd>& pollfds) const;
    [[nodiscard]] std::optional<Duration> name_timeout() const;
    void receive_answers(std::span<const pollfd> ready, SteadyTime now);
    /// When write_ready() has something to do at the latest.
    [[nodiscard]] std::optional<SteadyTime> deadline() const { return queue_.deadline(); }

  private:
    void write_front(std::string& out);

    Parts parts_;
    Filter filter_;
    NameQueue queue_;
    bool counts_ = false;  // a writer takes what is not shown
    std::uint64_t certain_ =
        0;  // records that are written or sure to be, whatever a filter still decides
    std::uint64_t records_ = 0;  // written, without `lost`
};

}  // namespace logfia
