#include "output/outputs.hpp"
#include "support/temp_dir.hpp"

#include <sys/resource.h>

namespace logfia {
namespace {

using test::drain;
using test::file_text;
using test::IgnoredSignal;
using test::output_to;
using test::record;
using test::TempDir;

class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &old_);
        const rlimit limit{bytes, old_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &old_); }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    IgnoredSignal signal_{SIGXFSZ};
    rlimit old_{};
};

TEST(OutputFile, AppendsToAFileOfItsOwner) {
    const TempDir directory;
    const std::string path = directory.path("records");
    for (const char* text : {"one\n", "two\nthree\n"}) {
        auto output = Output::to_file(path);
        ASSERT_TRUE(output);
        output->append_records(text);
        EXPECT_EQ(output->finish(), WriteStatus::done);
        EXPECT_EQ(output->wanted().fd, -1);
    }
    EXPECT_EQ(file_text(path), "one\ntwo\nthree\n");
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST(OutputFile, IsWrittenThroughHoweverMuchItIs) {
    const TempDir directory;
    auto output = Output::to_file(directory.path("records"));
    ASSERT_TRUE(output);
    std::string expected;
    for (int i = 0; i < 100'000; ++i) {
        output->append_records(record(i));
        expected += record(i);
    }
    EXPECT_EQ(output->flush(), WriteStatus::done);
    EXPECT_EQ(file_text(directory.path("records")), expected);
    EXPECT_EQ(output->records_written(), 100'000U);
}

TEST(OutputFile, ATornTailIsCutOff) {
    const TempDir directory;
    const std::string path = directory.path("records");
    auto output = Output::to_file(path);
    ASSERT_TRUE(output);
    for (int i = 0; i < 10; ++i) output->append_records(record(i, 100));
    {
        FileSizeLimit limit(250);
        EXPECT_EQ(output->flush(), WriteStatus::failed);
    }
    EXPECT_EQ(output->records_written(), 2U);
    EXPECT_EQ(describe(output->error()),
              "write " + path + ": File too large; 2 records were written");
    EXPECT_EQ(file_text(path), record(0, 100) + record(1, 100));
    output->append_records(record(11));
    EXPECT_EQ(output->flush(), WriteStatus::failed);
    EXPECT_EQ(file_text(path).size(), 200U);
}

TEST(OutputFile, ACutLeavesNoHoleForWhoSharesThePosition) {
    const TempDir directory;
    const std::string path = directory.path("records");
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    Output output = output_to(fd.get());
    output.append_records(record(1, 100) + record(2, 100));
    {
        FileSizeLimit limit(150);
        EXPECT_EQ(output.flush(), WriteStatus::failed);
    }
    EXPECT_EQ(describe(output.error()), "write the test: File too large; 1 record was written");
    EXPECT_EQ(::write(fd.get(), "the command\n", 12), 12);
    EXPECT_EQ(file_text(path), record(1, 100) + "the command\n");
}

TEST(OutputFile, ATailInTheMiddleOfAFileIsNotCutOff) {
    const TempDir directory;
    const std::string path = directory.path("records");
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::string old(400, 'o');
    ASSERT_EQ(::write(fd.get(), old.data(), old.size()), 400);
    ASSERT_EQ(::lseek(fd.get(), 0, SEEK_SET), 0);
    Output output = output_to(fd.get());
    output.append_records(record(1, 100) + record(2, 100));
    {
        FileSizeLimit limit(150);
        EXPECT_EQ(output.flush(), WriteStatus::failed);
    }
    EXPECT_EQ(file_text(path).size(), 400U);
    EXPECT_EQ(file_text(path).substr(150), old.substr(150));
}

TEST(OutputFile, WhatCannotBeOpenedIsAnErrorThatSaysWhy) {
    const TempDir directory;
    const std::string fifo = directory.path("fifo");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const auto unread = Output::to_file(fifo);
    ASSERT_FALSE(unread);
    EXPECT_EQ(describe(unread.error()),
              "open " + fifo +
                  ": No such device or address; nobody reads this FIFO: start its reader first");
    const auto folder = Output::to_file(directory.path());
    ASSERT_FALSE(folder);
    EXPECT_EQ(describe(folder.error()),
              "open " + directory.path() + ": Is a directory; name a file in it");
    const auto nowhere = Output::to_file(directory.path("none/records"));
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().code, ENOENT);
}

TEST(OutputFile, AFifoWithAReaderIsWrittenWithoutWaiting) {
    IgnoredSignal ignored(SIGPIPE);
    const TempDir directory;
    const std::string path = directory.path("fifo");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    auto output = Output::to_file(path);
    ASSERT_TRUE(output);
    std::string expected;
    for (int i = 0; i < 10'000; ++i) {
        output->append_records(record(i));
        expected += record(i);
    }
    EXPECT_EQ(output->flush(), WriteStatus::pending);
    EXPECT_EQ(drain(*output, reader.get()), expected);
    reader.reset();
    output->append_records("one\n");
    EXPECT_EQ(output->flush(), WriteStatus::reader_gone);
}

}  // namespace
}  // namespace logfia
