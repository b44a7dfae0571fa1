#pragma once

#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The program that makes descriptors on demand. It reads commands from standard input, one a line,
/// words parted by single spaces, and answers each with one line: `ok NUMBER…` or
/// `error ERRNO TEXT`. A word may hold any bytes: `\xHH`, `\n`, `\t` and `\\` stand for them.
namespace fd_maker {

/// The command's name and its arguments, unescaped.
using Words = std::vector<std::string>;

struct Reply {
    int error = 0;     ///< errno, 0 for `ok`
    std::string text;  ///< after `ok ` or `error ERRNO `
};

Reply ok(std::initializer_list<long> numbers = {});
Reply failed(int code = errno);
/// Answers with the result of open(2) or its like: `ok FD`, or errno when it is negative.
Reply opened(int fd);

/// Throws std::invalid_argument, which becomes `error EINVAL`.
long number(const std::string& word);
int descriptor(const std::string& word);
/// The word at `index`, or `otherwise` when there are fewer.
std::string word_or(const Words& words, std::size_t index, std::string_view otherwise);

struct Command {
    std::string_view name;
    std::string_view arguments;  ///< for `help`
    std::size_t least;           ///< arguments
    std::size_t most;
    Reply (*run)(const Words&);
};

constexpr std::size_t kAnyNumber = 1000;

std::span<const Command> file_commands();
std::span<const Command> socket_commands();
std::span<const Command> socket_state_commands();
std::span<const Command> object_commands();
std::span<const Command> load_commands();
std::span<const Command> process_commands();
std::span<const Command> family_commands();
std::span<const Command> fuse_commands();
std::span<const Command> mount_commands();
std::span<const Command> rush_commands();

/// Into a mount namespace of its own, with a user namespace where we need one to be allowed that.
/// False, with errno, when it cannot be.
bool leave_mounts();

/// Answers commands until standard input ends. Any one thread may do it.
[[noreturn]] void serve();
void answer(const Reply& reply);

/// Lifts the soft limit of open descriptors to the hard one, for the commands that make many.
void lift_descriptor_limit();

}  // namespace fd_maker
