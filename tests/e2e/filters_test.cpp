// The records that are printed; those that are filtered out cost no look-up.

#include "support/addresses.hpp"
#include "support/dns_server.hpp"
#include "support/made_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace logfia::test {
namespace {

std::string in_its_directory(const std::string& path) {
    return path.substr(0, path.rfind('/')) + "/*";
}

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> names_of(const std::vector<std::string>& options, const FdMaker& maker) {
    std::vector<std::string> names;
    std::vector<std::string> arguments = watch_arguments(maker, options);
    arguments.insert(arguments.begin(), {"-1", "-j"});
    for (const std::string& line : outcome_of(arguments).lines)
        names.push_back(JsonRecord(line)["name"]);
    return names;
}

TEST(Filters, ByTypeAndName) {
    FdMaker maker;
    maker.ask("open " + made_file("passwd"));
    maker.ask("open " + made_file("group"));
    maker.ask("eventfd");
    maker.ask("open /etc");
    EXPECT_THAT(names_of({"-t", "file"}, maker),
                ElementsAre(made_file("passwd"), made_file("group")));
    EXPECT_THAT(names_of({"-t", "eventfd,directory"}, maker),
                ElementsAre("anon_inode:[eventfd]", "/etc"));
    EXPECT_THAT(names_of({"-i", in_its_directory(made_file("passwd")), "-x", "group"}, maker),
                ElementsAre(made_file("passwd")));
    EXPECT_THAT(names_of({"-i", "passwd", "-i", "group", "-t", "file"}, maker),
                ElementsAre(made_file("passwd"), made_file("group")));
    EXPECT_THAT(names_of({"-x", "*"}, maker), IsEmpty());
}

TEST(Filters, ByEvent) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(
        maker, {"-j", "-d", "5", "-e", "close", "-i", in_its_directory(made_file("passwd"))}));
    // Nothing shows that an `open` was seen: so repeat until one was.
    ASSERT_TRUE(eventually([&] {
        const int fd = maker.fd("open " + made_file("passwd"));
        wait_for_looks(run);
        maker.ask("close " + std::to_string(fd));
        return run.wait_for_count(1, std::chrono::milliseconds(50));
    }));
    EXPECT_EQ(run.interrupt(), 0);
    for (const JsonRecord& record : without_lost(json_records(run))) {
        EXPECT_EQ(record["event"], "close");
        EXPECT_EQ(record["name"], made_file("passwd"));
    }
}

TEST(Filters, WhatWasPrintedOnceStaysIn) {
    TempDir directory;
    const std::string before = directory.file("before", "");
    FdMaker maker;
    maker.ask("open " + before);
    LogfiaRun run(watch_arguments(maker, {"-j", "-d", "5", "-i", "before"}));
    RecordStream records(run);
    const int fd = std::stoi(records.next("open")["fd"]);
    maker.ask("rename " + before + ' ' + directory.path() + "/after");
    maker.ask("close " + std::to_string(fd));
    EXPECT_THAT(records.next("close", fd)["name"], StartsWith(directory.path()));
    EXPECT_EQ(run.interrupt(), 0);
}

TEST(Filters, WhatIsFilteredIsNotLookedUp) {
    DnsServer server;
    server.name(ip("127.1.0.1"), "one.example");
    server.name(ip("127.1.0.2"), "two.example");
    FdMaker maker;
    maker.ask("udp-peers 2");
    const auto lines = [&](const std::vector<std::string>& options) {
        std::vector<std::string> arguments{"-1",           "--dns-wait",  "10s",
                                           "--dns-server", server.text(), maker.pid_text()};
        arguments.insert(arguments.begin(), options.begin(), options.end());
        return outcome_of(arguments).lines;
    };
    EXPECT_THAT(lines({"-t", "file"}), IsEmpty());
    EXPECT_EQ(server.queries(), 0U);
    EXPECT_THAT(lines({"-t", "udp", "-x", "127.1.0.*"}), IsEmpty());
    EXPECT_EQ(server.queries(), 0U);
    EXPECT_THAT(lines({"-i", "127.1.0.1:*"}), ElementsAre(EndsWith("one.example.")));
    EXPECT_EQ(server.queries(), 1U);
    // Here the name decides, so that both are asked for.
    EXPECT_THAT(lines({"-i", "two.*"}), ElementsAre(EndsWith("two.example.")));
    EXPECT_EQ(server.queries(), 3U);
    EXPECT_THAT(lines({"-t", "inet", "-x", "two.example"}), ElementsAre(EndsWith("one.example.")));
}

TEST(Filters, ACountCountsWhatPasses) {
    FdMaker maker;
    maker.ask("open " + made_file("passwd"));
    maker.ask("open " + made_file("group"));
    EXPECT_THAT(outcome_of(watch_arguments(maker, {"--count", "1", "-i", "group"})).lines,
                ElementsAre(EndsWith("open " + made_file("group"))));
}

}  // namespace
}  // namespace logfia::test
