#include "support/fd_maker_client.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>

namespace logfia::test {
namespace {

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    while (!line.empty()) {
        const auto end = line.find(' ');
        words.emplace_back(line.substr(0, end));
        line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    }
    return words;
}

}  // namespace

std::string FdMaker::default_program() {
    return environment_or("FD_MAKER_EXECUTABLE", FD_MAKER_EXECUTABLE);
}

FdMaker::FdMaker(const std::vector<std::string>& argv, const ChildOptions& options)
    : child_(argv, options) {
    // Until it answers, the loader may still have its libraries open.
    ask("help");
}

void FdMaker::send(std::string_view command) {
    asked_ = command;
    child_.write(asked_ + '\n');
}

std::vector<std::string> FdMaker::answer(std::chrono::milliseconds patience) {
    const auto line = child_.read_line(patience);
    if (!line)
        throw std::runtime_error("fd_maker: no answer to: " + asked_ + ' ' + child_.errors());
    std::vector<std::string> words = words_of(*line);
    if (words.empty() || words[0] != "ok") {
        const int code = words.size() > 1 ? std::atoi(words[1].c_str()) : 0;
        throw FdMakerError(code, "fd_maker: " + asked_ + ": " + *line);
    }
    words.erase(words.begin());
    return words;
}

std::vector<std::string> FdMaker::ask(std::string_view command,
                                      std::chrono::milliseconds patience) {
    send(command);
    return answer(patience);
}

std::vector<int> FdMaker::numbers(std::string_view command) {
    std::vector<int> list;
    for (const std::string& word : ask(command)) list.push_back(std::stoi(word));
    return list;
}

int FdMaker::attempt(std::string_view command) {
    try {
        ask(command);
        return 0;
    } catch (const FdMakerError& error) {
        return error.code();
    }
}

int FdMaker::end(int status) {
    ask("exit " + std::to_string(status));
    const auto ended = child_.wait();
    if (!ended) throw std::runtime_error("fd_maker: did not end");
    return *ended;
}

std::string as_word(std::string_view bytes) {
    std::string word;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte >= 0x7f || c == '\\')
            fmt::format_to(std::back_inserter(word), "\\x{:02x}", byte);
        else
            word += c;
    }
    return word;
}

}  // namespace logfia::test
