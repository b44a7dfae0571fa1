#include <logfia/proc/socket_asker.hpp>

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace logfia {
namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(10);
constexpr Duration kLongestPause = std::chrono::seconds(5);

bool in_some_table(FdType type) {
    return type != FdType::vsock && type != FdType::mptcp && type != FdType::sctp;
}

bool has_peer(const SocketInfo* info) {
    return info != nullptr && (info->remote || info->state == SocketState::established);
}

bool listens(const SocketInfo* info) {
    return info != nullptr && info->state == SocketState::listen;
}

/// True when nothing more will be learned of it.
bool is_final(FdType type, const SocketInfo* info) {
    if (type == FdType::netlink || type == FdType::packet)
        return info != nullptr && !info->protocol.empty();  // one that is not bound is in no table
    return has_peer(info) || listens(info);
}

/// The network namespace whose tables `net/` under the process's directory shows.
std::uint64_t network_of(const Process& process) {
    char link[64];
    const ssize_t length = readlinkat(process.dir(), "ns/net", link, sizeof link);
    std::string_view text(link, length > 0 ? static_cast<std::size_t>(length) : 0);
    constexpr std::string_view kPrefix = "net:[";
    std::uint64_t inode = 0;
    if (text.starts_with(kPrefix)) {
        std::from_chars(text.data() + kPrefix.size(), text.data() + text.size(), inode);
    }
    // A tree without namespaces: the process is its own.
    return inode != 0 ? inode
                      : (std::uint64_t{1} << 63) | static_cast<std::uint32_t>(process.pid());
}

}  // namespace

void SocketAsker::push(WatchedProcess& watched, std::uint32_t slot, FdType hint, bool again) {
    const Descriptor& descriptor = watched.known[slot].descriptor;
    if (!descriptor.inode) return;
    WantedSocket wanted;
    wanted.inode = *descriptor.inode;
    wanted.hint = hint;
    if (!asked_.empty() && asked_.back().process == &watched) {
        asked_.push_back(
            {&watched, slot, asked_.back().network, asked_.back().cpu, again, std::move(wanted)});
    } else {
        asked_.push_back({&watched, slot, network_of(watched.process), watched.process.cpu_time(),
                          again, std::move(wanted)});
    }
}

void SocketAsker::ask(WatchedProcess& watched, std::uint32_t slot) {
    Descriptor& descriptor = watched.known[slot].descriptor;
    char number[16];
    *std::to_chars(number, number + sizeof number - 1, descriptor.fd).ptr = '\0';
    descriptor.type = socket_type_hint(watched.process.fd_dir(), number);
    if (in_some_table(descriptor.type)) push(watched, slot, descriptor.type, false);
}

void SocketAsker::ask_again(WatchedProcess& watched, SteadyTime now) {
    if (now < watched.next_question) return;
    const auto cpu = watched.process.cpu_time();
    const bool due = std::any_of(watched.questions.begin(), watched.questions.end(),
                                 [now](const auto& q) { return now >= q.next; });
    watched.next_question = SteadyTime::max();
    for (SocketQuestion& question : watched.questions) {
        // What is nearly due comes along: one reading serves them all.
        if (due && now >= question.next - question.pause / 2) {
            // A process that has not run has not connected anything, but one that shares the socket
            // may have: so it is asked for all the same, though seldom.
            if (!cpu || cpu != question.cpu || question.pause >= kLongestPause)
                push(watched, question.slot, watched.known[question.slot].descriptor.type, true);
            else
                question.pause = std::min(question.pause * 2, kLongestPause);
            question.next = now + question.pause;
        }
        watched.next_question = std::min(watched.next_question, question.next);
    }
}

void SocketAsker::forget(WatchedProcess& watched, std::uint32_t slot) {
    std::erase_if(watched.questions, [slot](const auto& q) { return q.slot == slot; });
}

void SocketAsker::answer(const ProcRoot& root, SteadyTime now) {
    progress_.clear();
    if (asked_.empty()) return;
    const auto by_network = [](const Asked& a, const Asked& b) { return a.network < b.network; };
    if (!std::is_sorted(asked_.begin(), asked_.end(), by_network))
        std::stable_sort(asked_.begin(), asked_.end(), by_network);
    std::uint64_t last = 0;
    for (const Asked& asked : asked_) {
        if (asked.network != last) answer_network(root, asked.network);
        last = asked.network;
    }
    for (Asked& asked : asked_) take_answer(asked, now);
    asked_.clear();
}

void SocketAsker::answer_network(const ProcRoot& root, std::uint64_t network) {
    wanted_.clear();
    Process* reader = nullptr;
    for (Asked& asked : asked_) {
        if (asked.network != network) continue;
        wanted_.push_back(asked.wanted);
        int error = 0;
        if (reader == nullptr && asked.process->process.acquire(root, &error))
            reader = &asked.process->process;
    }
    if (reader == nullptr) return;
    const auto rows_before = tables_.rows_seen();
    tables_.resolve(reader->dir(), wanted_);
    rows_last_read_ = tables_.rows_seen() - rows_before;
    for (int again = 0; again < 2 && reading_ == Reading::until_sure; ++again) read_again(*reader);
    reader->release();
    auto answer = wanted_.begin();
    for (Asked& asked : asked_)
        if (asked.network == network) asked.wanted = std::move(*answer++);
}

void SocketAsker::read_again(const Process& reader) {
    missing_.clear();
    for (const WantedSocket& wanted : wanted_)
        if (!wanted.found) missing_.push_back(wanted);
    tables_.resolve(reader.dir(), missing_);
    auto answer = missing_.begin();
    for (WantedSocket& wanted : wanted_)
        if (!wanted.found) wanted = std::move(*answer++);
}

void SocketAsker::take_answer(Asked& asked, SteadyTime now) {
    Descriptor& descriptor = asked.process->known[asked.slot].descriptor;
    WantedSocket& wanted = asked.wanted;
    const auto before = descriptor.socket;
    if (wanted.found) {
        descriptor.type = wanted.type;
        descriptor.socket = std::move(wanted.info);
    } else if (wanted.looked && !descriptor.socket) {
        descriptor.socket = std::make_shared<const SocketInfo>();  // known to be in no table
    }
    const SocketInfo* after = descriptor.socket.get();
    if (asked.again && !has_peer(before.get()) && !listens(before.get())) {
        if (has_peer(after)) progress_.push_back({asked.process, asked.slot, EventKind::connect});
        if (listens(after)) progress_.push_back({asked.process, asked.slot, EventKind::listen});
    }
    if (!is_final(descriptor.type, after)) {
        keep_asking(asked, now);
    } else if (asked.again) {
        forget(*asked.process, asked.slot);
    }
}

void SocketAsker::keep_asking(const Asked& asked, SteadyTime now) {
    // The pauses follow from what a reading costs: about 1.3 µs a row.
    const auto rows = static_cast<Duration::rep>(rows_last_read_);
    const auto first =
        std::max<Duration>({interval_, kFirstPause, std::chrono::microseconds(20) * rows});
    const Duration longest =
        std::max<Duration>(first, kLongestPause + std::chrono::milliseconds(1) * rows);

    WatchedProcess& watched = *asked.process;
    auto question = std::find_if(watched.questions.begin(), watched.questions.end(),
                                 [&](const auto& q) { return q.slot == asked.slot; });
    if (question == watched.questions.end()) {
        watched.questions.push_back({asked.slot, {}, first, {}});
        question = watched.questions.end() - 1;
    } else {
        question->pause = std::min(question->pause * 2, longest);
    }
    question->cpu = asked.cpu;
    question->next = now + question->pause;
    watched.next_question = std::min(watched.next_question, question->next);
}

}  // namespace logfia
