#pragma once

#include "app/calendar.hpp"
#include "app/fake_source.hpp"
#include "output/outputs.hpp"
#include "support/fake_lookup.hpp"
#include <logfia/app/loop.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace logfia::test {

using Lines = std::vector<std::string>;

/// Writes `NAME [HOST]`, `lost REASON`, and at the end `end MS` and how often sources were run. A
/// test can make a record as long as it wants.
class LineWriter final : public RecordWriter {
  public:
    explicit LineWriter(std::size_t length, bool finds) : length_(length), finds_(finds) {}

    void append(std::string& out, const Event& event, std::string_view host) override {
        const Loss* loss = event.loss();
        std::string line = loss != nullptr ? "lost " + loss->reason : fd_of(event).descriptor.name;
        if (!host.empty()) (line += ' ') += host;
        if (loss == nullptr) line.resize(std::max(line.size(), length_), '.');
        out += line + '\n';
    }
    void finish(std::string& out, const RunTotals& totals, Now end) override {
        out += fmt::format("end {} of {}\n", Calendar::ms_of(end.steady), totals.records);
    }
    [[nodiscard]] bool has_findings() const override { return finds_; }

  private:
    std::size_t length_;
    bool finds_;
};

/// A loop over fake sources, a fake writer and a calendar. The output is a pipe.
class LoopTest : public ::testing::Test {
  protected:
    LoopTest() { parts_.resolver = make_resolver(); }

    FakeSource& add_source() {
        auto source = std::make_unique<FakeSource>(calendar_, static_cast<int>(sources_.size()));
        FakeSource& added = *source;
        add_source(std::move(source));
        return added;
    }
    void add_source(std::unique_ptr<Source> source) { sources_.push_back(std::move(source)); }
    /// The pipe is read whenever somebody sleeps, from then on.
    void reads_from(int ms) {
        calendar_.before_sleep([this, ms] {
            if (calendar_.ms() >= ms) written_ += read_now(out_.read.get());
        });
    }
    ExitStatus run() {
        if (!output_) output_ = output_to(out_.write.get());
        parts_.writers.push_back({std::make_unique<LineWriter>(record_length_, finds_),
                                  PipelineWriter::Takes::shown, finish_goes_});
        loop_ = std::make_unique<Loop>(
            Loop::Parts{std::move(sources_), Pipeline(std::move(parts_)), std::move(*output_)},
            calendar_, notices_, options_);
        const ExitStatus status = loop_->run();
        if (out_.read) written_ += read_now(out_.read.get());
        return status;
    }
    /// Long lines are cut to what tells them apart.
    [[nodiscard]] Lines lines() const {
        Lines list;
        std::size_t from = 0;
        for (std::size_t end = 0; (end = written_.find('\n', from)) != written_.npos;
             from = end + 1) {
            const std::string line = written_.substr(from, end - from);
            list.push_back(line.substr(0, line.find("...")));
        }
        return list;
    }
    static Event socket(const std::string& name, std::uint8_t last_byte_of_peer) {
        Event event =
            make_socket(FdType::tcp, internet(SocketState::established, v4(127, 0, 0, 1, 1),
                                              v4(192, 0, 2, last_byte_of_peer, 443)));
        fd_of(event).descriptor.name = name;
        return event;
    }
    static IpAddress peer(std::uint8_t last_byte) { return v4(192, 0, 2, last_byte, 443).address; }

    const IgnoredSignal broken_pipe_{SIGPIPE};
    Calendar calendar_;
    Ends out_ = make_pipe();
    Ends err_ = make_pipe();
    Notices notices_{err_.write.get()};
    std::optional<Output> output_;
    Pipeline::Parts parts_;
    FakeLookup* dns_ = nullptr;
    LoopOptions options_;
    std::size_t record_length_ = 0;
    bool finds_ = false;
    PipelineWriter::FinishGoes finish_goes_ = PipelineWriter::FinishGoes::with_records;
    std::string written_;
    std::unique_ptr<Loop> loop_;  // the notes of the sources are asked for after the loop's end

  private:
    std::unique_ptr<Resolver> make_resolver() {
        auto lookup = std::make_unique<FakeLookup>();
        dns_ = lookup.get();
        return std::make_unique<Resolver>(std::move(lookup));
    }

    std::vector<std::unique_ptr<Source>> sources_;
};

}  // namespace logfia::test
