#include <logfia/base/line_reader.hpp>
#include <logfia/base/unique_fd.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace logfia {
namespace {

/// A pipe from which `bytes` can be read, and then no more.
UniqueFd pipe_with(const std::string& bytes) {
    int ends[2];
    if (::pipe(ends) != 0) return UniqueFd();
    const UniqueFd writer(ends[1]);
    UniqueFd reader(ends[0]);
    const auto written = ::write(writer.get(), bytes.data(), bytes.size());
    return written == static_cast<ssize_t>(bytes.size()) ? std::move(reader) : UniqueFd();
}

std::vector<std::string> lines_of(LineReader& reader, const std::string& bytes) {
    const auto fd = pipe_with(bytes);
    std::vector<std::string> lines;
    reader.start(fd.get());
    while (const auto line = reader.next()) lines.emplace_back(*line);
    EXPECT_FALSE(reader.next()) << "the end stays the end";
    return lines;
}

using Lines = std::vector<std::string>;

TEST(LineReader, HandsOutWholeLinesWhateverTheSizeOfTheBuffer) {
    const std::string bytes = "one\n\nthree and more\n4\n";
    for (std::size_t size = 15; size < 40; ++size) {
        LineReader reader(size);
        EXPECT_EQ(lines_of(reader, bytes), (Lines{"one", "", "three and more", "4"})) << size;
        EXPECT_EQ(reader.dropped(), 0U);
        EXPECT_FALSE(reader.failed());
    }
}

TEST(LineReader, DropsAndCountsLinesThatDoNotFit) {
    LineReader reader(4);
    EXPECT_EQ(lines_of(reader, "abc\nabcd\nabcdefghijklm\nx\n"), (Lines{"abc", "x"}));
    EXPECT_EQ(reader.dropped(), 2U);
    EXPECT_EQ(lines_of(reader, "ab\n"), Lines{"ab"});
    EXPECT_EQ(reader.dropped(), 0U) << "a new file starts anew";
}

TEST(LineReader, DropsAndCountsALastLineThatWasCut) {
    LineReader reader(8);
    EXPECT_EQ(lines_of(reader, "a\nb"), Lines{"a"});
    EXPECT_EQ(reader.dropped(), 1U);
    EXPECT_EQ(lines_of(reader, "a\nbbbbbbbbbbbbbbbb"), Lines{"a"});
    EXPECT_EQ(reader.dropped(), 1U);
    EXPECT_EQ(lines_of(reader, "\n\n"), (Lines{"", ""}));
    EXPECT_EQ(lines_of(reader, ""), Lines{});
    EXPECT_EQ(reader.dropped(), 0U);
}

TEST(LineReader, SaysThatReadingFailed) {
    LineReader reader;
    const int closed = ::dup(0);
    ::close(closed);
    reader.start(closed);
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.failed());
    EXPECT_EQ(reader.dropped(), 0U);
}

}  // namespace
}  // namespace logfia
