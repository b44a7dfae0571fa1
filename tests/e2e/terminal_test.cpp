// A command in a terminal: its keys and job control work as without logfia.

#include "support/terminal.hpp"

#include "support/record_file.hpp"
#include "support/temp_dir.hpp"
#include "support/watching.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

namespace logfia::test {
namespace {

class InATerminal : public testing::Test {
  protected:
    [[nodiscard]] std::string records() const { return directory_.path() + "/records"; }
    [[nodiscard]] std::vector<std::string> with_cat() const {
        return {LogfiaRun::program(), "-n", "-j", "-o", records(), "--", "/bin/cat"};
    }
    [[nodiscard]] std::string line_with_cat() const {
        std::string line;
        for (const std::string& word : with_cat()) line += word + ' ';
        return line;
    }
    /// Waits until the command reads the terminal.
    pid_t wait_for_cat() const {
        const JsonRecord open = RecordFile(records()).wait_for(
            [](const JsonRecord& record) { return record["comm"] == "cat"; });
        return std::stoi(open["pid"]);
    }

    /// The shell asks for the next line as soon as logfia has stopped. A cat that was woken by the
    /// key but has not run yet would still take that line from the terminal before it stops
    /// (n_tty_read(), drivers/tty/n_tty.c, looks for input first).
    static void stop(Terminal& terminal, pid_t cat) {
        terminal.type(kCtrlZ);
        ASSERT_TRUE(terminal.shows("Stopped")) << terminal.screen();
        ASSERT_TRUE(eventually([cat] { return status_line(cat, "State").starts_with('T'); }));
    }

    /// The shell prints which job it resumes; then the terminal's echo comes, and what cat writes.
    static void bring_back(Terminal& terminal) {
        terminal.type("fg\n");
        EXPECT_TRUE(terminal.shows("fg\r\n")) << terminal.screen();
        EXPECT_TRUE(terminal.shows("-- /bin/cat")) << terminal.screen();
        terminal.type("typed\n");
        EXPECT_TRUE(terminal.shows("typed")) << terminal.screen();
        EXPECT_TRUE(terminal.shows("typed")) << terminal.screen();
    }

  private:
    TempDir directory_;
};

/// A test of the harness: the last output of the program is on the screen when its end is known.
TEST(ATerminal, HasTheLastLine) {
    const TempDir directory;
    const std::string ended = directory.path("ended");
    Terminal terminal({"/bin/sh", "-c", "seq 2000; : >" + ended});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(ended); }));
    EXPECT_EQ(terminal.wait(), 0);
    EXPECT_TRUE(terminal.screen().ends_with("\r\n2000\r\n")) << terminal.screen();
}

TEST_F(InATerminal, TypingAndItsEnd) {
    Terminal terminal(with_cat());
    terminal.type("typed\n");
    EXPECT_TRUE(terminal.shows("typed"));
    EXPECT_TRUE(terminal.shows("typed")) << "the terminal's echo, and what cat wrote";
    terminal.type(kCtrlD);
    EXPECT_EQ(terminal.wait(), 0);
}

TEST_F(InATerminal, AnInterruptIsTheCommands) {
    Terminal terminal(with_cat());
    wait_for_cat();
    terminal.type(kCtrlC);
    EXPECT_EQ(terminal.wait(), 128 + SIGINT);
}

TEST_F(InATerminal, RecordsAndTheCommandShareIt) {
    Terminal terminal({LogfiaRun::program(), "-n", "--", "/bin/cat"});
    EXPECT_TRUE(terminal.shows("open\x1b[0m /dev/pts/"));
    terminal.type("typed\n");
    EXPECT_TRUE(terminal.shows("typed"));
    EXPECT_TRUE(terminal.shows("typed"));
    terminal.type(kCtrlD);
    EXPECT_TRUE(terminal.shows("close\x1b[0m /dev/pts/"));
    EXPECT_EQ(terminal.wait(), 0);
}

TEST_F(InATerminal, JobControl) {
    Terminal terminal({"/usr/bin/env", "PS1=ready>", "/bin/sh", "-i"});
    terminal.type(line_with_cat() + "; echo status=$?\n");
    const pid_t cat = wait_for_cat();
    for (int i = 0; i < 3; ++i) {
        ASSERT_NO_FATAL_FAILURE(stop(terminal, cat));
        bring_back(terminal);
    }
    terminal.type(kCtrlC);
    EXPECT_TRUE(terminal.shows("ready>")) << terminal.screen();
    terminal.type("exit 3\n");
    EXPECT_EQ(terminal.wait(), 3) << terminal.screen();
}

/// Otherwise the shell would wait for a command that waits for the shell.
TEST_F(InATerminal, ACommandThatIsStoppedAloneStopsUsToo) {
    Terminal terminal({"/usr/bin/env", "PS1=ready>", "/bin/sh", "-i"});
    terminal.type(line_with_cat() + "\n");
    const pid_t cat = wait_for_cat();
    kill(cat, SIGSTOP);
    ASSERT_TRUE(terminal.shows("Stopped")) << terminal.screen();
    bring_back(terminal);
    terminal.type(kCtrlD);
    EXPECT_TRUE(terminal.shows("ready>")) << terminal.screen();
    terminal.type("exit 4\n");
    EXPECT_EQ(terminal.wait(), 4) << terminal.screen();
}

}  // namespace
}  // namespace logfia::test
