// Makes changes of what the model finds out, without a model.

#include <logfia/source/seccomp/recorder.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logfia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Nothing is open in it that could be looked at.
class EmptyTable : public TableView {
  public:
    [[nodiscard]] int directory() const override { return -1; }
    Link link(int) override { return {}; }
    std::optional<std::size_t> count() override { return 0; }
    std::optional<std::vector<int>> list() override { return std::vector<int>(); }
};

std::string text_of(const Change& change) {
    if (const auto* opened = std::get_if<DescriptorOpened>(&change.what))
        return "open " + opened->descriptor.name;
    if (const auto* renamed = std::get_if<DescriptorRenamed>(&change.what))
        return "rename " + renamed->descriptor.name;
    if (std::holds_alternative<DescriptorClosed>(change.what)) return "close";
    if (const auto* lost = std::get_if<ChangesLost>(&change.what)) return lost->reason;
    return "?";
}

class RecorderTest : public testing::Test {
  protected:
    RecorderTest() {
        process.number = 1;
        process.pid = getpid();
        table.number = 1;
        table.process = &process;
        table.view = std::make_unique<EmptyTable>();
        recorder.process_began(process, {});
        take();
    }
    std::vector<std::string> take() {
        std::vector<std::string> texts;
        for (const Change& change : queue->take().changes) texts.push_back(text_of(change));
        return texts;
    }
    NumberEntry open(int fd, const char* link) {
        NumberEntry entry;
        recorder.opened(table, entry, {fd, link, {}, ModelObserver::Origin::call, nullptr, 0});
        return entry;
    }

    Result<ProcRoot> root = ProcRoot::open("/proc");
    std::unique_ptr<ChangeQueue> queue = std::move(*ChangeQueue::create());
    Recorder recorder{*root, {}, *queue, [](pid_t) {}};
    TracedProcess process;
    TracedTable table;
};

TEST_F(RecorderTest, WhileTooMuchWaitsNothingNewIsTold) {
    const NumberEntry before = open(3, "/before");
    EXPECT_THAT(take(), ElementsAre("open /before"));
    recorder.set_full(true, {});
    const NumberEntry meanwhile = open(4, "/meanwhile");
    EXPECT_EQ(meanwhile.id, 0U) << "nothing is told of its close either";
    open(5, "/meanwhile");
    recorder.renamed(table, 3, before, "/after", {});
    EXPECT_THAT(take(), IsEmpty());
    recorder.closed(table, 3, before, {}, false);
    EXPECT_THAT(take(), ElementsAre("close")) << "of what was told";
    recorder.set_full(false, {});
    EXPECT_THAT(take(), ElementsAre("2 descriptors were left out while earlier records waited for "
                                    "their reader"));
}

TEST_F(RecorderTest, NothingIsSaidToBeMissedThatWasNot) {
    const NumberEntry entry = open(3, "/before");
    recorder.set_full(true, {});
    recorder.set_full(false, {});
    recorder.renamed(table, 3, entry, "/after", {});
    EXPECT_THAT(take(), ElementsAre("open /before", "rename /after"));
}

}  // namespace
}  // namespace logfia
