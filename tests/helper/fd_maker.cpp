#include "command.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace fd_maker {
namespace {

/// Input that was read and not yet answered. The buffer outlives the thread that answers: see
/// `thread-exit-leader`.
std::string pending_input;

std::optional<std::string> read_line() {
    while (true) {
        if (const auto end = pending_input.find('\n'); end != std::string::npos) {
            std::string line = pending_input.substr(0, end);
            pending_input.erase(0, end + 1);
            return line;
        }
        std::array<char, 4096> chunk{};
        const ssize_t got = read(STDIN_FILENO, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        pending_input.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

char unescape_one(std::string_view word, std::size_t& at) {
    const char kind = at + 1 < word.size() ? word[at + 1] : '\0';
    at += 2;
    switch (kind) {
        case '\\':
            return '\\';
        case 'n':
            return '\n';
        case 't':
            return '\t';
        case 'x': {
            const std::string digits(word.substr(at, 2));
            char* end = nullptr;
            const unsigned long byte = std::strtoul(digits.c_str(), &end, 16);
            if (digits.size() != 2 || *end != '\0') break;
            at += 2;
            return static_cast<char>(byte);
        }
        default:
            break;
    }
    throw std::invalid_argument("bad escape");
}

std::string unescape(std::string_view word) {
    std::string bytes;
    for (std::size_t at = 0; at < word.size();) {
        if (word[at] == '\\')
            bytes += unescape_one(word, at);
        else
            bytes += word[at++];
    }
    return bytes;
}

Words split(std::string_view line) {
    Words words;
    while (!line.empty()) {
        const auto end = line.find(' ');
        if (end != 0) words.push_back(unescape(line.substr(0, end)));
        line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    }
    return words;
}

constexpr std::array kFamilies{
    file_commands,    socket_commands, socket_state_commands, object_commands, load_commands,
    process_commands, family_commands, fuse_commands,         mount_commands,  rush_commands};

Reply help() {
    Reply reply;
    for (const auto family : kFamilies)
        for (const Command& command : family())
            reply.text += std::string(command.name) + " " + std::string(command.arguments) + "; ";
    return reply;
}

Reply dispatch(const Words& words) {
    if (words.empty()) return {EINVAL, "empty line"};
    if (words[0] == "help") return help();
    for (const auto family : kFamilies) {
        for (const Command& command : family()) {
            if (command.name != words[0]) continue;
            const std::size_t arguments = words.size() - 1;
            if (arguments < command.least || arguments > command.most)
                return {EINVAL, "usage: " + std::string(command.name) + " " +
                                    std::string(command.arguments)};
            return command.run(words);
        }
    }
    return {EINVAL, "unknown command"};
}

}  // namespace

Reply ok(std::initializer_list<long> numbers) {
    Reply reply;
    for (const long value : numbers) {
        if (!reply.text.empty()) reply.text += ' ';
        reply.text += std::to_string(value);
    }
    return reply;
}

Reply failed(int code) {
    return {code, std::strerror(code)};
}

Reply opened(int fd) {
    return fd < 0 ? failed() : ok({fd});
}

long number(const std::string& word) {
    char* end = nullptr;
    const long value = std::strtol(word.c_str(), &end, 0);
    if (word.empty() || *end != '\0') throw std::invalid_argument("not a number: " + word);
    return value;
}

int descriptor(const std::string& word) {
    return static_cast<int>(number(word));
}

std::string word_or(const Words& words, std::size_t index, std::string_view otherwise) {
    return index < words.size() ? words[index] : std::string(otherwise);
}

void answer(const Reply& reply) {
    std::string line = reply.error == 0 ? "ok" : "error " + std::to_string(reply.error);
    if (!reply.text.empty()) line += ' ' + reply.text;
    line += '\n';
    for (std::size_t done = 0; done < line.size();) {
        const ssize_t wrote = write(STDOUT_FILENO, line.data() + done, line.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) _exit(1);
        done += static_cast<std::size_t>(wrote);
    }
}

void lift_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void serve() {
    while (const auto line = read_line()) {
        try {
            answer(dispatch(split(*line)));
        } catch (const std::invalid_argument& bad) {
            answer({EINVAL, bad.what()});
        }
    }
    _exit(0);
}

}  // namespace fd_maker

int main() {
    fd_maker::serve();
}
