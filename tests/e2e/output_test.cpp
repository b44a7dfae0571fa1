// Lines that come at once, readers that go away, timestamps and colours.

#include "support/made_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"
#include <logfia/base/unique_fd.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace logfia::test {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

/// (A shell's `read`, since some awks wait until they have read a whole buffer.)
TEST(Output, ALineComesAtOnceThroughAPipeline) {
    FdMaker maker;
    Child pipeline({"/bin/sh", "-c",
                    "\"$0\" -n -d 5 --no-initial " + maker.pid_text() +
                        " | while read -r time event name; do"
                        " if [ $event = open ]; then echo \"$name\"; fi; done",
                    LogfiaRun::program()});
    std::optional<std::string> line;
    // Whether the first look is over shows only when a file opened later is reported.
    for (int tries = 0; tries < 1000 && !line; ++tries) {
        maker.ask("open " + made_file("passwd"));
        line = pipeline.read_line(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(line, made_file("passwd"));
    maker.end();
    EXPECT_EQ(pipeline.wait(), 0);
}

TEST(Output, TheReaderGoesAndNothingMoreComes) {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker));
    ASSERT_TRUE(run.wait_for_count(3));
    run.child().close_stdout();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(run.errors(), "");
}

/// 300 descriptors whose records are 2 MiB: more than is written at one time.
struct LongNames {
    LongNames() {
        // Six characters of JSON each.
        const std::string component(240, '\x01');
        std::string name = component;
        for (int i = 0; i < 4; ++i) {
            directory.make_directory(name);
            name += '/' + component;
        }
        directory.write(name, "");
        maker.ask("burst 300 " + as_word(directory.path(name)));
    }

    TempDir directory;
    FdMaker maker;
};

/// A file that epoll(7) refuses, since it is always ready.
TEST(Output, ADeviceThatIsAlwaysReadyIsNotWaitedFor) {
    const LongNames names;
    const UniqueFd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    const ChildOptions options{.standard_output = null.get()};
    EXPECT_EQ(outcome_of(watch_arguments(names.maker, {"-1", "-j"}), options).status, 0);
    EXPECT_EQ(outcome_of(watch_arguments(names.maker, {"-1", "-j", "-c"}), options).status, 0);
    for (const char* device : {"/dev/null", "/dev/zero"}) {
        const Outcome outcome =
            outcome_of(watch_arguments(names.maker, {"-1", "-j", "-o", device}));
        EXPECT_EQ(outcome.status, 0) << device;
        EXPECT_EQ(outcome.errors, "");
    }
    const Outcome full = outcome_of(watch_arguments(names.maker, {"-1", "-j", "-o", "/dev/full"}));
    EXPECT_EQ(full.status, 1);
    EXPECT_THAT(full.errors, HasSubstr("No space left on device"));
    const Outcome apart = outcome_of_script("exec \"$0\" -n -1 -j -C " + names.maker.pid_text() +
                                            " 2>/dev/null >/dev/null");
    EXPECT_EQ(apart.status, 0);
}

TEST(Output, HeadEndsThePipeline) {
    FdMaker maker;
    Child pipeline({"/bin/sh", "-c",
                    "{ \"$0\" -n " + maker.pid_text() + "; echo $? >&2; } | head -1",
                    LogfiaRun::program()});
    EXPECT_EQ(pipeline.wait(), 0);
    EXPECT_EQ(complete_lines(pipeline.output()).size(), 1U);
    EXPECT_EQ(pipeline.errors(), "0\n");
}

TEST(Output, TheReaderOfAFifoGoes) {
    const TempDir directory;
    FdMaker maker;
    const std::string fifo = directory.path("fifo");
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    UniqueFd reader(open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    LogfiaRun run(watch_arguments(maker, {"-o", fifo}));
    pollfd ready{reader.get(), POLLIN, 0};
    ASSERT_EQ(poll(&ready, 1, static_cast<int>(kPatience.count())), 1);
    reader.reset();
    EXPECT_EQ(run.finish(), 0);
    EXPECT_EQ(run.errors(), "");
}

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Output, AFileIsMadePrivateAndAppendedTo) {
    const TempDir directory;
    FdMaker maker;
    const std::string file = directory.path("records");
    for (const std::size_t lines : {3U, 6U}) {
        const Outcome outcome = outcome_of(watch_arguments(maker, {"--once", "-o", file}));
        EXPECT_EQ(outcome.status, 0) << outcome.errors;
        EXPECT_TRUE(outcome.lines.empty());
        EXPECT_EQ(complete_lines(content_of(file)).size(), lines);
    }
    struct stat status {};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

/// The three initial records and one that came later.
Lines records_with(const std::string& style, const std::string& zone = "UTC0") {
    FdMaker maker;
    LogfiaRun run(watch_arguments(maker, {"-d", "5", "--time", style}),
                  {.environment = {"TZ=" + zone}});
    EXPECT_TRUE(run.wait_for_count(3));
    maker.ask("open " + made_file("passwd"));
    EXPECT_TRUE(run.wait_for_line(made_file("passwd")));
    EXPECT_EQ(run.interrupt(), 0);
    return run.lines();
}

/// The first words of these four.
Lines times_of(const Lines& records) {
    Lines times;
    for (const std::string& line : records)
        if (fields(line).at(1) != "lost") times.push_back(fields(line).at(0));
    EXPECT_EQ(times.size(), 4U);
    return times;
}

Lines times_of(const std::string& style, const std::string& zone = "UTC0") {
    return times_of(records_with(style, zone));
}

TEST(Times, Iso) {
    const std::string local =
        "20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
        "\\.[0-9]{6}";
    EXPECT_THAT(times_of("iso"), Each(MatchesRegex(local + "\\+00:00")));
    EXPECT_THAT(times_of("iso", "XST-5:30"), Each(MatchesRegex(local + "\\+05:30")));
    EXPECT_THAT(times_of("iso", "YST3:30"), Each(MatchesRegex(local + "-03:30")));
}

/// Not time(2), which is behind by up to a tick of the kernel's.
double unix_time() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

TEST(Times, Unix) {
    const double before = unix_time();
    const Lines times = times_of("unix");
    EXPECT_THAT(times, Each(MatchesRegex("[0-9]+\\.[0-9]{6}")));
    constexpr double kRounding = 1e-6;
    EXPECT_GE(std::stod(times.front()), before - kRounding);
    EXPECT_LE(std::stod(times.back()), unix_time() + kRounding);
}

TEST(Times, SinceTheStart) {
    const Lines times = times_of("start");
    EXPECT_THAT(times, Each(MatchesRegex("[0-9]+\\.[0-9]{6}")));
    EXPECT_EQ(times.at(0), times.at(2));
    EXPECT_GT(std::stod(times.at(3)), std::stod(times.at(0)));
}

TEST(Times, SinceTheRecordBefore) {
    const Lines records = records_with("delta");
    const Lines times = times_of(records);
    EXPECT_THAT(times, Each(MatchesRegex("[0-9]+\\.[0-9]{6}")));
    EXPECT_EQ(times.at(0), "0.000000");
    EXPECT_EQ(times.at(1), "0.000000");
    // The record before the last one may be a `lost` of the same look.
    double all = 0;
    for (const std::string& record : records) all += std::stod(record);
    EXPECT_GT(all, 0.0);
}

TEST(Times, AreNumbersInJson) {
    FdMaker maker;
    const Outcome outcome = outcome_of(watch_arguments(maker, {"-1", "-j", "--time", "delta"}));
    EXPECT_THAT(outcome.lines, Each(HasSubstr("{\"time\":0.000000,\"event\"")));
}

constexpr const char* kEscape = "\x1b[";

TEST(Colors, NeverByThemselvesIntoAPipeOrAFile) {
    const TempDir directory;
    FdMaker maker;
    const ChildOptions terminal{.environment = {"TERM=xterm-256color", "NO_COLOR="}};
    EXPECT_THAT(outcome_of(watch_arguments(maker, {"-1"}), terminal).lines,
                Each(Not(HasSubstr(kEscape))));
    const std::string file = directory.path("records");
    outcome_of(watch_arguments(maker, {"-1", "-o", file}), terminal);
    EXPECT_THAT(content_of(file), AllOf(HasSubstr("open"), Not(HasSubstr(kEscape))));
}

TEST(Colors, Always) {
    FdMaker maker;
    EXPECT_THAT(outcome_of(watch_arguments(maker, {"-1", "--color", "always"})).lines,
                Each(HasSubstr(" \x1b[32mopen\x1b[0m pipe:")));
    EXPECT_THAT(outcome_of(watch_arguments(maker, {"-1", "-j", "--color", "always"})).lines,
                Each(Not(HasSubstr(kEscape))));
}

/// The text that logfia writes to a terminal.
std::string on_a_terminal(std::vector<std::string> arguments,
                          const std::vector<std::string>& environment) {
    const UniqueFd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    std::array<char, 64> name{};
    if (!master || grantpt(master.get()) < 0 || unlockpt(master.get()) < 0 ||
        ptsname_r(master.get(), name.data(), name.size()) != 0)
        throw std::runtime_error("no terminal");
    UniqueFd slave(open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    LogfiaRun run(std::move(arguments),
                  {.environment = environment, .standard_output = slave.get()});
    EXPECT_EQ(run.finish(), 0) << run.errors();
    slave.reset();
    std::string text;
    std::array<char, 4096> chunk{};
    for (ssize_t got = 1; got > 0;) {  // EIO once all has been read
        got = read(master.get(), chunk.data(), chunk.size());
        if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
    }
    return text;
}

TEST(Colors, ByThemselvesOnATerminal) {
    FdMaker maker;
    const auto arguments = watch_arguments(maker, {"-1"});
    EXPECT_THAT(on_a_terminal(arguments, {"NO_COLOR="}), HasSubstr("\x1b[32mopen\x1b[0m"));
    EXPECT_THAT(on_a_terminal(arguments, {"NO_COLOR=1"}),
                AllOf(HasSubstr("open"), Not(HasSubstr(kEscape))));
    EXPECT_THAT(on_a_terminal(watch_arguments(maker, {"-1", "--color", "never"}), {"NO_COLOR="}),
                AllOf(HasSubstr("open"), Not(HasSubstr(kEscape))));
}

}  // namespace
}  // namespace logfia::test
