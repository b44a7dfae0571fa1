#include <logfia/proc/proc_path.hpp>
#include <logfia/proc/socket_asker.hpp>
#include <logfia/proc/socket_progress.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace logfia {
namespace {

using Question = SocketRequest::Question;
using Outcome = SocketRequest::Outcome;

constexpr Duration kFirstPause = std::chrono::milliseconds(10);
constexpr Duration kFirstPauseOfCopies = std::chrono::milliseconds(1);
constexpr Duration kLongestPause = std::chrono::seconds(5);
constexpr Duration kSamplePause = std::chrono::seconds(1);
constexpr int kSamplesALook = 64;

bool in_some_table(FdType type) {
    return type != FdType::vsock && type != FdType::mptcp && type != FdType::sctp;
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

bool SocketAsker::asks_copies(const WatchedProcess& watched) const {
    return options_.copies == Copies::allowed && watched.socket_way == SocketWay::copies &&
           watched.process.may_be_copied_from();
}

void SocketAsker::push(WatchedProcess& watched, std::uint32_t slot, Question question, bool again) {
    const Descriptor& descriptor = watched.known[slot].descriptor;
    if (!descriptor.inode) return;
    Asked asked{&watched, slot, question, again, !asks_copies(watched)};
    asked.wanted.inode = *descriptor.inode;
    if (!asked_.empty() && asked_.back().process == &watched) {
        asked.cpu = asked_.back().cpu;
    } else {
        asked.cpu = watched.process.cpu_time();
    }
    if (asked.by_table && !turn_to_tables(asked)) return;
    // A socket's inode number tells whether the PID is still the same process's.
    if (!asked.by_table && watched.process.pidfd() < 0)
        asked.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, watched.process.pid(), 0)));
    asked_.push_back(std::move(asked));
}

void SocketAsker::ask(WatchedProcess& watched, std::uint32_t slot) {
    const bool totals = options_.tcp == TcpDetails::wanted;
    push(watched, slot, totals ? Question::with_totals : Question::all, false);
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
                push(watched, question.slot,
                     options_.tcp == TcpDetails::wanted ? Question::with_totals : Question::all,
                     true);
            else
                question.pause = std::min(question.pause * 2, kLongestPause);
            question.next = now + question.pause;
        }
        watched.next_question = std::min(watched.next_question, question.next);
    }
}

void SocketAsker::sample(WatchedProcess& watched, SteadyTime now) {
    if (options_.tcp == TcpDetails::left_out || !asks_copies(watched)) return;
    if (watched.sampling_from < 0) {
        if (now < watched.next_sample) return;
        watched.next_sample = now + kSamplePause;
        const auto cpu = watched.process.cpu_time();
        if (cpu && cpu == std::exchange(watched.sampled_cpu, cpu)) return;
        watched.sampling_from = 0;
    }
    const auto& entries = watched.snapshot.entries();
    auto entry = std::lower_bound(entries.begin(), entries.end(), watched.sampling_from,
                                  [](const FdEntry& e, int fd) { return e.fd < fd; });
    for (int left = kSamplesALook; entry != entries.end() && left > 0; ++entry) {
        const KnownFd& known = watched.known[entry->slot];
        if (!is_tcp_connection(known.descriptor)) continue;
        push(watched, entry->slot, Question::totals, true);
        --left;
    }
    watched.sampling_from = entry == entries.end() ? -1 : entry->fd;
}

void SocketAsker::forget(WatchedProcess& watched, std::uint32_t slot) {
    const std::uint32_t index = std::exchange(watched.known[slot].question, KnownFd::kNoQuestion);
    if (index == KnownFd::kNoQuestion) return;
    watched.questions[index] = watched.questions.back();
    watched.questions.pop_back();
    if (index < watched.questions.size())
        watched.known[watched.questions[index].slot].question = index;
}

void SocketAsker::finish(KnownFd& closed) {
    if (closed.cookie == 0) return;
    const auto totals = ends_.totals_of(closed.cookie);
    ends_.forget(closed.cookie);
    if (totals) closed.totals = totals;
}

void SocketAsker::answer(const ProcRoot& root, SteadyTime now) {
    progress_.clear();
    if (asked_.empty()) return;
    answer_by_copies(root, now);
    answer_by_tables(root, now);
    asked_.clear();
}

void SocketAsker::answer_by_copies(const ProcRoot& root, SteadyTime now) {
    requests_.clear();
    for (const Asked& asked : asked_)
        if (!asked.by_table) request(asked, root.fd());
    if (requests_.empty()) return;
    copier_.ask(requests_);
    auto answer = requests_.begin();
    for (Asked& asked : asked_)
        if (!asked.by_table) take_copy(asked, *answer++, root, now);
}

void SocketAsker::request(const Asked& asked, int proc_fd) {
    SocketRequest& request = requests_.emplace_back();
    request.pidfd = asked.pidfd ? asked.pidfd.get() : asked.process->process.pidfd();
    request.fd = asked.process->known[asked.slot].descriptor.fd;
    request.inode = asked.wanted.inode;
    request.proc_fd = proc_fd;
    request.question = asked.question;
}

void SocketAsker::take_copy(Asked& asked, SocketRequest& request, const ProcRoot& root,
                            SteadyTime now) {
    WatchedProcess& watched = *asked.process;
    if (request.outcome == Outcome::forbidden || request.outcome == Outcome::stuck)
        watched.socket_way = SocketWay::tables;
    if (request.outcome != Outcome::answered && request.outcome != Outcome::closed) {
        int error = 0;
        if (!watched.process.acquire(root, &error)) return;
        asked.by_table = asked.question != Question::totals && turn_to_tables(asked);
        watched.process.release();
        return;
    }
    asked.answered = true;
    if (request.outcome == Outcome::closed) return;
    SocketAnswer& answer = request.answer;
    if (asked.question == Question::totals) return take_totals(asked, answer);
    // Both ends of a pair are its own.
    if (answer.info.peer && answer.info.peer->pid == watched.process.pid())
        answer.info.peer.reset();
    KnownFd& known = watched.known[asked.slot];
    const auto before = known.descriptor.socket;
    known.descriptor.type = answer.type;
    if (!before || *before != answer.info)
        known.descriptor.socket = std::make_shared<const SocketInfo>(std::move(answer.info));
    if (answer.totals) known.totals = answer.totals;
    if (answer.cookie != 0 && known.cookie == 0) ends_.follow(known.cookie = answer.cookie);
    go_on(asked, before.get(), now);
}

void SocketAsker::take_totals(const Asked& asked, const SocketAnswer& answer) {
    KnownFd& known = asked.process->known[asked.slot];
    if (answer.totals) known.totals = answer.totals;
    auto& info = known.descriptor.socket;
    if (!info || info->state == answer.info.state) return;
    SocketInfo changed = *info;
    changed.state = answer.info.state;
    info = std::make_shared<const SocketInfo>(std::move(changed));
}

/// What it is, as far as the descriptor alone tells; false when the tables cannot tell more.
bool SocketAsker::turn_to_tables(Asked& asked) {
    WatchedProcess& watched = *asked.process;
    Descriptor& descriptor = watched.known[asked.slot].descriptor;
    if (!asked.again || descriptor.type == FdType::socket) {
        const SocketHint hint =
            socket_type_hint(watched.process.fd_dir(), proc_path("{}", descriptor.fd).data());
        descriptor.type = hint.type;
        if (!hint.family.empty()) {
            SocketInfo info;
            info.family = hint.family;
            descriptor.socket = std::make_shared<const SocketInfo>(std::move(info));
            return false;
        }
    }
    if (!in_some_table(descriptor.type)) return false;
    asked.wanted.hint = descriptor.type;
    asked.network = network_of(watched.process);
    return true;
}

void SocketAsker::answer_by_tables(const ProcRoot& root, SteadyTime now) {
    std::erase_if(asked_, [](const Asked& asked) { return asked.answered || !asked.by_table; });
    const auto by_network = [](const Asked& a, const Asked& b) { return a.network < b.network; };
    if (!std::is_sorted(asked_.begin(), asked_.end(), by_network))
        std::stable_sort(asked_.begin(), asked_.end(), by_network);
    std::uint64_t last = 0;
    for (const Asked& asked : asked_) {
        if (asked.network != last) answer_network(root, asked.network);
        last = asked.network;
    }
    for (Asked& asked : asked_) take_row(asked, now);
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
    for (int again = 0; again < 2 && options_.reading == Reading::until_sure; ++again)
        read_again(*reader);
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

void SocketAsker::take_row(Asked& asked, SteadyTime now) {
    Descriptor& descriptor = asked.process->known[asked.slot].descriptor;
    WantedSocket& wanted = asked.wanted;
    const auto before = descriptor.socket;
    if (wanted.found) {
        descriptor.type = wanted.type;
        descriptor.socket = std::move(wanted.info);
    } else if (wanted.looked && !descriptor.socket) {
        descriptor.socket = std::make_shared<const SocketInfo>();  // known to be in no table
    }
    go_on(asked, before.get(), now);
}

/// It has an answer, or none this time.
void SocketAsker::go_on(Asked& asked, const SocketInfo* before, SteadyTime now) {
    const Descriptor& descriptor = asked.process->known[asked.slot].descriptor;
    const SocketInfo* after = descriptor.socket.get();
    if (asked.again)
        if (const auto kind = socket_progress(before, after))
            progress_.push_back({asked.process, asked.slot, *kind});
    if (may_still_change(descriptor.type, after))
        keep_asking(asked, now);
    else
        forget(*asked.process, asked.slot);
}

void SocketAsker::keep_asking(const Asked& asked, SteadyTime now) {
    // The pauses follow from what a question costs: of the tables about 1.3 µs a row.
    const auto rows = static_cast<Duration::rep>(asked.by_table ? rows_last_read_ : 0);
    const auto first =
        std::max<Duration>({options_.interval, asked.by_table ? kFirstPause : kFirstPauseOfCopies,
                            std::chrono::microseconds(20) * rows});
    const Duration longest =
        std::max<Duration>(first, kLongestPause + std::chrono::milliseconds(1) * rows);

    WatchedProcess& watched = *asked.process;
    std::uint32_t& index = watched.known[asked.slot].question;
    if (index == KnownFd::kNoQuestion) {
        index = static_cast<std::uint32_t>(watched.questions.size());
        watched.questions.push_back({asked.slot, {}, first, {}});
    } else {
        auto& pause = watched.questions[index].pause;
        pause = std::min(pause * 2, longest);
    }
    SocketQuestion& question = watched.questions[index];
    question.cpu = asked.cpu;
    question.next = now + question.pause;
    watched.next_question = std::min(watched.next_question, question.next);
}

}  // namespace logfia
