#include "command.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <queue>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace fd_maker {
namespace {

using std::chrono::microseconds;
using Clock = std::chrono::steady_clock;

/// A file that is sure to be there.
constexpr const char* kOwnProgram = "/proc/self/exe";

/// The lowest and the highest number of what a command made: the reply of commands that make many.
class Numbers {
  public:
    bool add(int fd) {
        if (fd < 0) return false;
        first_ = std::min(first_, fd);
        last_ = std::max(last_, fd);
        return true;
    }
    [[nodiscard]] Reply reply() const { return ok({first_, last_}); }

  private:
    int first_ = std::numeric_limits<int>::max();
    int last_ = -1;
};

enum class Pause { sleep, spin };

void pause_for(microseconds time, Pause how) {
    if (how == Pause::sleep) return std::this_thread::sleep_for(time);
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
    }
}

/// Every `%` of the pattern becomes the number.
std::string numbered(const std::string& pattern, long count) {
    std::string path;
    for (const char c : pattern) path += c == '%' ? std::to_string(count) : std::string(1, c);
    return path;
}

/// Opens and closes; before each open a pause of 0 to twice GAP_US, evenly distributed.
Reply churn(const Words& words) {
    const long count = number(words[1]);
    const microseconds hold(number(words[2]));
    const std::string pattern = word_or(words, 3, kOwnProgram);
    const long gap = number(word_or(words, 4, "0"));
    const Pause how = word_or(words, 5, "sleep") == "spin" ? Pause::spin : Pause::sleep;
    const int flags = pattern.find('%') == std::string::npos ? O_RDONLY : O_RDWR | O_CREAT;
    std::mt19937 random(1);  // NOLINT(*-msc51-cpp): the same in each run
    std::uniform_int_distribution<long> gaps(0, 2 * gap);
    for (long i = 0; i < count; ++i) {
        if (gap > 0) pause_for(microseconds(gaps(random)), how);
        const int fd = open(numbered(pattern, i).c_str(), flags, 0600);
        if (fd < 0) return failed();
        if (hold.count() > 0) pause_for(hold, how);
        close(fd);
    }
    return ok({count});
}

/// A file that is open, and when it is to be closed.
struct Held {
    Clock::time_point until;
    Clock::time_point since;
    int fd;
    std::size_t kind;  ///< an index of the HOLD_US
    bool operator>(const Held& other) const { return until > other.until; }
};

class Turnover {
  public:
    explicit Turnover(std::vector<microseconds> holds)
        : holds_(std::move(holds)), held_(holds_.size()) {}

    bool open_file(const std::string& path) {
        const int fd = open(path.c_str(), O_RDWR | O_CREAT, 0600);
        const auto now = Clock::now();
        if (fd >= 0)
            open_.push({now + holds_[opened_ % holds_.size()], now, fd, opened_ % holds_.size()});
        ++opened_;
        return fd >= 0;
    }
    /// Closes what is due until then, and returns then.
    void wait_until(Clock::time_point then) {
        for (; !open_.empty() && open_.top().until < then; open_.pop()) {
            const Held& first = open_.top();
            std::this_thread::sleep_until(first.until);
            close(first.fd);
            held_[first.kind] += Clock::now() - first.since;
        }
        std::this_thread::sleep_until(then);
    }
    void close_all() {
        while (!open_.empty()) wait_until(open_.top().until + microseconds(1));
    }
    [[nodiscard]] Reply reply() const {
        Reply reply;
        for (std::size_t kind = 0; kind < holds_.size(); ++kind) {
            const auto files =
                static_cast<long>((opened_ + holds_.size() - 1 - kind) / holds_.size());
            const long held = std::chrono::duration_cast<microseconds>(held_[kind]).count();
            if (kind > 0) reply.text += ' ';
            reply.text += std::to_string(held / std::max(files, 1L));
        }
        return reply;
    }

  private:
    std::vector<microseconds> holds_;
    std::vector<Clock::duration> held_;  ///< by all files of each kind
    std::priority_queue<Held, std::vector<Held>, std::greater<>> open_;
    std::size_t opened_ = 0;
};

/// Opens at random moments, GAP_US apart on average, and holds each file for the next of the
/// HOLD_US in turn, however many are open by then. Answers how long each kind was really held.
Reply turnover(const Words& words) {
    lift_descriptor_limit();
    prctl(PR_SET_TIMERSLACK, 1);  // a sleep ends when it should, not up to 50 us later
    const long count = number(words[1]);
    const long gap = number(words[2]);
    std::vector<microseconds> holds;
    for (std::size_t i = 4; i < words.size(); ++i) holds.emplace_back(number(words[i]));
    Turnover files(std::move(holds));
    std::mt19937 random(1);  // NOLINT(*-msc51-cpp): the same in each run
    std::uniform_int_distribution<long> gaps(0, 2 * gap);
    auto next = Clock::now();
    for (long i = 0; i < count; ++i) {
        files.wait_until(next);
        if (!files.open_file(numbered(words[3], i))) return failed();
        next += microseconds(gaps(random));
    }
    files.close_all();
    return files.reply();
}

Reply burst(const Words& words) {
    lift_descriptor_limit();
    Numbers made;
    for (long i = 0; i < number(words[1]); ++i)
        if (!made.add(open(words[2].c_str(), O_RDONLY))) return failed();
    return made.reply();
}

bool add_pair(Numbers& made, const std::array<int, 2>& ends) {
    return made.add(ends[0]) && made.add(ends[1]);
}

bool add_one_of_each(Numbers& made, const std::string& path) {
    std::array<int, 2> ends{};
    return made.add(open(path.c_str(), O_RDONLY)) && made.add(open(path.c_str(), O_RDONLY)) &&
           pipe(ends.data()) == 0 && add_pair(made, ends) &&
           socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0 && add_pair(made, ends) &&
           made.add(eventfd(0, 0)) && made.add(socket(AF_INET, SOCK_DGRAM, 0));
}

/// Eights of: two files, a pipe's two ends, two paired sockets, an eventfd, a UDP socket.
Reply many(const Words& words) {
    constexpr long kInOneRound = 8;
    lift_descriptor_limit();
    const std::string path = word_or(words, 2, kOwnProgram);
    const long count = number(words[1]);
    Numbers made;
    long have = 0;
    for (; have + kInOneRound <= count; have += kInOneRound)
        if (!add_one_of_each(made, path)) return failed();
    for (; have < count; ++have)
        if (!made.add(open(path.c_str(), O_RDONLY))) return failed();
    return made.reply();
}

sockaddr_in loopback_peer(long index, long port) {
    constexpr long kHosts = 250;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const auto bytes = 127U << 24U |
                       static_cast<std::uint32_t>(1 + index / (kHosts * kHosts)) << 16U |
                       static_cast<std::uint32_t>(index / kHosts % kHosts) << 8U |
                       static_cast<std::uint32_t>(1 + index % kHosts);
    address.sin_addr.s_addr = htonl(bytes);
    return address;
}

int connected_socket(int type, const sockaddr_in& peer) {
    const int fd = socket(AF_INET, type, 0);
    if (fd < 0) return -1;
    if (connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0) return fd;
    const int code = errno;
    close(fd);
    errno = code;
    return -1;
}

/// UDP sockets, each with a peer of its own: 127.1.0.1, 127.1.0.2, …; the peers need not exist.
Reply udp_peers(const Words& words) {
    lift_descriptor_limit();
    const long port = number(word_or(words, 2, "9"));
    Numbers made;
    for (long i = 0; i < number(words[1]); ++i)
        if (!made.add(connected_socket(SOCK_DGRAM, loopback_peer(i, port)))) return failed();
    return made.reply();
}

/// A listening socket and COUNT connections to it, both ends here.
Reply tcp_pairs(const Words& words) {
    lift_descriptor_limit();
    sockaddr_in address = loopback_peer(0, 0);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    Numbers made;
    if (!made.add(listener) || bind(listener, any, size) < 0 || listen(listener, 1) < 0 ||
        getsockname(listener, any, &size) < 0)
        return failed();
    for (long i = 0; i < number(words[1]); ++i)
        if (!made.add(connected_socket(SOCK_STREAM, address)) ||
            !made.add(accept(listener, nullptr, nullptr)))
            return failed();
    return made.reply();
}

std::atomic<bool> spinning = false;

/// A thread that never sleeps: its process' CPU clock advances only with the scheduler's ticks.
Reply spin(const Words& words) {
    static std::thread spinner;
    const bool on = words[1] == "on";
    if (!on && words[1] != "off") throw std::invalid_argument("on or off");
    if (on == spinner.joinable()) return ok();
    spinning = on;
    if (on)
        spinner = std::thread([] {
            while (spinning) {
            }
        });
    else
        spinner.join();
    return ok();
}

constexpr std::array kCommands{
    Command{"churn", "COUNT HOLD_US [PATH|PATTERN-WITH-% [GAP_US [sleep|spin]]]", 2, 5, churn},
    Command{"turnover", "COUNT GAP_US PATTERN-WITH-% HOLD_US… (HELD_US…)", 4, kAnyNumber, turnover},
    Command{"burst", "COUNT PATH (FIRST LAST)", 2, 2, burst},
    Command{"many", "COUNT [PATH] (FIRST LAST)", 1, 2, many},
    Command{"udp-peers", "COUNT [PORT] (FIRST LAST)", 1, 2, udp_peers},
    Command{"tcp-pairs", "COUNT (LISTENER LAST)", 1, 1, tcp_pairs},
    Command{"spin", "on|off", 1, 1, spin},
};

}  // namespace

std::span<const Command> load_commands() {
    return kCommands;
}

}  // namespace fd_maker
