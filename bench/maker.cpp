#include "maker.hpp"

#include "target.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace logfia::bench {
namespace {

[[noreturn]] void become(const std::vector<std::string>& words, int orders, int answers) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    check(dup2(orders, STDIN_FILENO) >= 0 && dup2(answers, STDOUT_FILENO) >= 0, "dup2");
    execvp(argv[0], argv.data());
    std::perror(argv[0]);
    _exit(127);
}

std::string read_line(int fd) {
    std::string line;
    char byte = 0;
    while (read(fd, &byte, 1) == 1) {
        if (byte == '\n') return line;
        line += byte;
    }
    return {};
}

}  // namespace

Maker::Maker(const std::vector<std::string>& before) {
    std::vector<std::string> words = before;
    words.emplace_back(FD_MAKER_EXECUTABLE);
    int orders[2];
    int answers[2];
    check(pipe2(orders, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0, "pipe");
    pid_ = fork();
    check(pid_ >= 0, "fork");
    if (pid_ == 0) become(words, orders[0], answers[1]);
    close(orders[0]);
    close(answers[1]);
    orders_ = orders[1];
    answers_ = answers[0];
    ask("help");  // The answer comes when the loader has done its work.
}

Maker::~Maker() {
    close(orders_);
    close(answers_);
    waitpid(pid_, nullptr, 0);
}

std::vector<double> Maker::ask(std::string_view order) {
    const std::string line = fmt::format("{}\n", order);
    check(write(orders_, line.data(), line.size()) == static_cast<ssize_t>(line.size()), "write");
    std::istringstream answer(read_line(answers_));
    std::string word;
    if (!(answer >> word) || word != "ok") {
        fmt::print(stderr, "{}: {}\n", order, answer.str());
        std::exit(1);
    }
    std::vector<double> numbers;
    for (double number = 0; answer >> number;) numbers.push_back(number);
    return numbers;
}

}  // namespace logfia::bench
