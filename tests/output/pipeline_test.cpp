#include "output/events.hpp"
#include "support/fake_lookup.hpp"
#include <logfia/output/loss_notice_writer.hpp>
#include <logfia/output/pipeline.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace logfia::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

/// Notes what it gets, under a name of its own.
class NamedWriter final : public RecordWriter {
  public:
    explicit NamedWriter(std::string name, bool finds = false)
        : name_(std::move(name)), finds_(finds) {}

    void begin(std::string& out) override { out += name_ + " begins\n"; }
    void append(std::string& out, const Event& event, std::string_view host) override {
        out += fmt::format("{}: {}{}\n", name_,
                           event.loss() ? event.loss()->reason : fd_of(event).descriptor.name,
                           host.empty() ? "" : " " + std::string(host));
    }
    void finish(std::string& out, const RunTotals& totals, Now) override {
        out += fmt::format("{} ends: {} records, {} looks, {} of {} names\n", name_, totals.records,
                           totals.sources.looks, totals.names_found, totals.names_asked);
    }
    [[nodiscard]] bool has_findings() const override { return finds_; }

  private:
    std::string name_;
    bool finds_;
};

class PipelineTest : public ::testing::Test {
  protected:
    using Takes = PipelineWriter::Takes;
    using FinishGoes = PipelineWriter::FinishGoes;

    void add_writer(const std::string& name, Takes takes = Takes::shown,
                    FinishGoes finish_goes = FinishGoes::with_records) {
        parts_.writers.push_back({std::make_unique<NamedWriter>(name), takes, finish_goes});
    }
    Pipeline& pipeline() {
        if (!pipeline_) {
            auto lookup = std::make_unique<FakeLookup>();
            dns_ = lookup.get();
            parts_.resolver = std::make_unique<Resolver>(std::move(lookup));
            parts_.name_wait = milliseconds(250);
            pipeline_.emplace(std::move(parts_));
        }
        return *pipeline_;
    }
    void push(Event event) { pipeline().push(std::move(event), now_); }
    void push_file(const std::string& name, std::uint64_t id) {
        push(with_id(make_event(EventKind::open, FdType::file, name), id));
    }
    void push_socket(const std::string& name, std::uint8_t peer, std::uint64_t id) {
        Event event = make_socket(FdType::tcp,
                                  internet(SocketState::established, {}, v4(192, 0, 2, peer, 443)));
        fd_of(event).descriptor.name = name;
        push(with_id(std::move(event), id));
    }
    void answer(std::uint8_t peer, const std::string& name) {
        dns_->says(v4(192, 0, 2, peer, 443).address, name);
        pipeline().receive_answers({}, now_);
    }
    std::string written() {
        std::string out;
        pipeline().write_ready(now_, out);
        return out;
    }
    static Event with_id(Event event, std::uint64_t id) {
        fd_of(event).descriptor.id = id;
        return event;
    }

    Pipeline::Parts parts_;
    SteadyTime now_{std::chrono::hours(1)};
    FakeLookup* dns_ = nullptr;

  private:
    std::optional<Pipeline> pipeline_;
};

TEST_F(PipelineTest, EachWriterGetsEachRecord) {
    add_writer("one");
    add_writer("other");
    std::string out;
    pipeline().begin(out);
    EXPECT_EQ(out, "one begins\nother begins\n");
    push_file("/a", 1);
    push_file("/b", 2);
    EXPECT_EQ(written(), "one: /a\nother: /a\none: /b\nother: /b\n");
    EXPECT_TRUE(pipeline().empty());
}

TEST_F(PipelineTest, WhatIsNotShownIsForWhoCounts) {
    add_writer("records");
    add_writer("summary", Takes::kept);
    parts_.filter.events = EventSet{};
    push_file("/a", 1);
    push(lost({}, "lost"));
    EXPECT_EQ(written(), "summary: /a\nrecords: lost\nsummary: lost\n");
}

TEST_F(PipelineTest, WhatNobodyCountsIsDroppedAtOnce) {
    add_writer("records");
    parts_.filter.events = EventSet{};
    push_file("/a", 1);
    EXPECT_TRUE(pipeline().empty());
}

TEST_F(PipelineTest, AHostNameDecides) {
    add_writer("w");
    parts_.filter.hosts = true;
    parts_.filter.include.emplace_back("*.example");
    push_socket("named", 1, 1);
    push_socket("another", 2, 2);
    push_file("/no", 3);
    EXPECT_EQ(written(), "");
    answer(1, "host.example");
    answer(2, "host.test");
    EXPECT_EQ(written(), "w: named host.example.\n");
}

TEST_F(PipelineTest, TheLimitCountsRecordsButLosses) {
    add_writer("w");
    parts_.limit = 2;
    push(lost({}, "lost"));
    push_file("/a", 1);
    EXPECT_FALSE(pipeline().has_enough());
    push_file("/b", 2);
    EXPECT_TRUE(pipeline().has_enough());
    EXPECT_FALSE(pipeline().is_full()) << "nothing is written yet";
    push_file("/c", 3);
    push(lost({}, "lost before"));
    EXPECT_EQ(written(), "w: lost\nw: /a\nw: /b\nw: lost before\n");
    EXPECT_TRUE(pipeline().is_full());
}

TEST_F(PipelineTest, TheLimitDoesNotCountWhatIsUndecided) {
    add_writer("w");
    parts_.limit = 1;
    parts_.filter.hosts = true;
    parts_.filter.exclude.emplace_back("*.example");
    push_socket("dropped", 1, 1);
    push_socket("written", 2, 2);
    push_socket("too many", 3, 3);
    EXPECT_FALSE(pipeline().has_enough());
    answer(1, "host.example");
    answer(2, "host.test");
    EXPECT_EQ(written(), "w: written host.test.\n");
    EXPECT_TRUE(pipeline().is_full());
    std::string out;
    pipeline().write_all(out);
    EXPECT_EQ(out, "");
}

TEST_F(PipelineTest, EachEndGoesWhereItBelongs) {
    add_writer("w");
    add_writer("summary", Takes::kept, FinishGoes::apart);
    push_socket("s", 1, 1);
    answer(1, "host.example");
    push_socket("t", 2, 2);
    std::string out;
    pipeline().write_all(out);
    out.clear();
    pipeline().finish(FinishGoes::with_records, out, {1, 7, 0}, {});
    EXPECT_EQ(out, "w ends: 2 records, 7 looks, 1 of 2 names\n");
    out.clear();
    pipeline().finish(FinishGoes::apart, out, {1, 7, 0}, {});
    EXPECT_EQ(out, "summary ends: 2 records, 7 looks, 1 of 2 names\n");
}

TEST_F(PipelineTest, OneFindingIsEnough) {
    add_writer("w");
    parts_.writers.push_back({std::make_unique<NamedWriter>("leaks", true)});
    EXPECT_TRUE(pipeline().has_findings());
    add_writer("w");
    EXPECT_FALSE(Pipeline(std::move(parts_)).has_findings());
}

class KeptNotices final : public NoticeSink {
  public:
    void notice(std::string_view line) override { lines.emplace_back(line); }
    std::vector<std::string> lines;
};

TEST(LossNoticeWriterTest, SaysWhatNoRecordSays) {
    KeptNotices notices;
    LossNoticeWriter writer(notices);
    std::string out;
    writer.append(out, make_event(EventKind::open, FdType::file, "/a"), "");
    writer.append(out, lost({}, "of all"), "");
    writer.append(out, lost({}, "3 looks came late", 3), "");
    writer.append(out, make_lost("of one"), "");
    Event of_one = lost({}, "of one");
    of_one.actor.pid = 42;
    of_one.actor.comm = "cat";
    writer.append(out, of_one, "");
    EXPECT_EQ(out, "");
    EXPECT_THAT(notices.lines, ElementsAre("of all", "of one", "cat[42]: of one"));
}

}  // namespace
}  // namespace logfia::test
