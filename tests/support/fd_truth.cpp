#include "support/fd_truth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <tuple>

namespace logfia::test {
namespace {

using Dropped = TrueDescriptor::Dropped;

Micros micros(long long nanoseconds) {
    return nanoseconds / 1000;
}

Dropped dropped_by(const std::string& word) {
    if (word == "call") return Dropped::call;
    if (word == "exec") return Dropped::exec;
    if (word == "exit") return Dropped::exit;
    return Dropped::open;
}

TrueDescriptor descriptor_of(std::istringstream words) {
    TrueDescriptor one;
    std::string kind;
    std::string made;
    std::string dropped;
    long long times[4] = {};
    words >> kind >> one.pid >> one.fd >> made >> times[0] >> times[1] >> dropped >> times[2] >>
        times[3] >> one.access >> one.cloexec;
    words.get();
    if (!std::getline(words, one.name)) throw std::runtime_error("a line of the truth is cut");
    one.found = made == "found";
    one.made_from = micros(times[0]);
    one.made_until = micros(times[1]);
    one.dropped = dropped_by(dropped);
    one.dropped_from = micros(times[2]);
    one.dropped_until = micros(times[3]);
    return one;
}

/// A record's time, which is UTC: the run has `--utc`.
Micros time_of(const JsonRecord& record, std::string_view key) {
    const std::string text = record[key];
    std::tm time{};
    long part = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%6ld+00:00", &time.tm_year, &time.tm_mon,
                    &time.tm_mday, &time.tm_hour, &time.tm_min, &time.tm_sec, &part) != 7)
        throw std::runtime_error("no time of UTC: " + text);
    time.tm_year -= 1900;
    time.tm_mon -= 1;
    return Micros{timegm(&time)} * 1'000'000 + part;
}

/// The descriptors of the records, and contradictions among them.
class Told {
  public:
    Told(const JsonRecords& records, const Leeway& leeway) : leeway_(leeway) {
        for (const JsonRecord& record : records) take(record);
        for (const auto& [key, list] : open_)
            for (const std::size_t at : list)
                complain("not closed: {} {} {}", key.first, key.second, descriptors_[at].name);
    }
    [[nodiscard]] const std::vector<ToldDescriptor>& descriptors() const { return descriptors_; }
    [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }

  private:
    using Key = std::pair<int, int>;

    template <class... Parts>
    void complain(const char* format, const Parts&... parts) {
        complaints_.push_back(fmt::format(fmt::runtime(format), parts...));
    }

    void take(const JsonRecord& record) {
        const std::string event = record["event"];
        const Micros time = time_of(record, "time");
        if (time < last_)
            complain("{} us before the record before: {}", last_ - time, text(record));
        last_ = std::max(last_, time);
        if (event == "open") take_open(record, time);
        if (event == "close") take_close(record, time);
        if (event == "rename") take_rename(record);
    }

    void take_open(const JsonRecord& record, Micros time) {
        const Key key = key_of(record);
        auto& list = open_[key];
        if (!list.empty() && !leeway_.several_tables)
            complain("open twice: {}, after {}", text(record), descriptors_[list.back()].name);
        list.push_back(descriptors_.size());
        descriptors_.push_back({.pid = key.first,
                                .fd = key.second,
                                .initial = record.has("initial"),
                                .opened = time,
                                .access = record["access"],
                                .cloexec = record["flags"].find("cloexec") != std::string::npos,
                                .name = record["name"]});
        last_names_.push_back(record["name"]);
    }

    void take_close(const JsonRecord& record, Micros time) {
        auto& list = open_[key_of(record)];
        const Micros opened = time_of(record, "opened");
        const auto found = std::find_if(list.begin(), list.end(), [&](std::size_t at) {
            return descriptors_[at].opened == opened && last_names_[at] == record["name"];
        });
        if (found == list.end()) {
            complain("a close without its open: {}", text(record));
            return;
        }
        ToldDescriptor& one = descriptors_[*found];
        one.closed = time;
        one.at_exit = record["at_exit"] == "true";
        if (time < one.opened) complain("closed before it was opened: {}", text(record));
        list.erase(found);
    }

    void take_rename(const JsonRecord& record) {
        for (const std::size_t at : open_[key_of(record)])
            if (last_names_[at] == record["old_name"]) last_names_[at] = record["name"];
    }

    static Key key_of(const JsonRecord& record) {
        return {std::stoi(record["pid"]), std::stoi(record["fd"])};
    }
    static std::string text(const JsonRecord& record) {
        return record["time"] + ' ' + record["pid"] + ' ' + record.summary();
    }

    const Leeway& leeway_;
    std::vector<ToldDescriptor> descriptors_;
    std::vector<std::string> last_names_;  ///< of each descriptor, after its renames
    std::map<Key, std::vector<std::size_t>> open_;
    std::vector<std::string> complaints_;
    Micros last_ = 0;
};

using Key = std::tuple<int, int, std::string>;  ///< pid, descriptor, name

template <class Descriptor>
Key key_of(const Descriptor& one, const Leeway& leeway) {
    return {leeway.any_pid ? 0 : one.pid, one.fd, leeway.any_name ? "" : one.name};
}

std::string text_of(const TrueDescriptor& one) {
    return fmt::format("{} {} {} made {}..{} dropped {}..{}", one.pid, one.fd, one.name,
                       one.made_from, one.made_until, one.dropped_from, one.dropped_until);
}

std::string text_of(const ToldDescriptor& one) {
    return fmt::format("{} {} {} opened {} closed {}", one.pid, one.fd, one.name, one.opened,
                       one.closed.value_or(0));
}

/// The way in which what was told of this descriptor is wrong; empty: none.
std::string fault_of(const TrueDescriptor& truth, const ToldDescriptor& told,
                     const Leeway& leeway) {
    const bool ended = truth.dropped == Dropped::exit;
    const Micros end = ended ? told.closed.value_or(0) : truth.dropped_until;
    const bool is_late = truth.found || leeway.racing;
    if (told.opened < truth.made_from && !leeway.racing) return "opened too early";
    if (told.opened > (is_late ? std::max(truth.made_until, end) : truth.made_until))
        return "opened too late";
    if (!leeway.any_name && told.access != truth.access)
        return "not " + truth.access + " but " + told.access;
    // An epoll's flags are asked of it no more than what it watches: that could take long.
    const bool is_told = !leeway.any_name && truth.name != "anon_inode:[eventpoll]";
    if (is_told && told.cloexec != truth.cloexec)
        return truth.cloexec ? "not told to be cloexec" : "told to be cloexec";
    if (truth.dropped == Dropped::open) return "the truth has no end of it";
    if (!told.closed) return {};  // complained of already
    if (*told.closed < truth.dropped_from) return "closed too early";
    if (truth.dropped_until > 0 && *told.closed > truth.dropped_until) return "closed too late";
    if (told.at_exit != ended) return "at_exit is wrong";
    return {};
}

/// The true and the told ones that have the same number and name, in their order.
struct Alike {
    std::vector<TrueDescriptor> truths;
    std::vector<ToldDescriptor> told;
};

std::map<Key, Alike> alike(const Truth& truth, const Told& told, const Leeway& leeway) {
    std::map<Key, Alike> groups;
    for (const TrueDescriptor& one : truth.descriptors)
        groups[key_of(one, leeway)].truths.push_back(one);
    for (const ToldDescriptor& one : told.descriptors()) {
        if (one.initial || one.name == truth.path || truth.is_linkers(one.pid, one.opened))
            continue;
        groups[key_of(one, leeway)].told.push_back(one);
    }
    for (auto& [key, group] : groups) {
        std::stable_sort(
            group.truths.begin(), group.truths.end(),
            [](const auto& a, const auto& b) { return a.dropped_from < b.dropped_from; });
        std::stable_sort(group.told.begin(), group.told.end(),
                         [](const auto& a, const auto& b) { return a.opened < b.opened; });
    }
    return groups;
}

void compare_group(const Alike& group, const Leeway& leeway, std::vector<std::string>& faults) {
    for (std::size_t i = 0; i < std::min(group.truths.size(), group.told.size()); ++i) {
        const std::string fault = fault_of(group.truths[i], group.told[i], leeway);
        if (!fault.empty())
            faults.push_back(fault + ": " + text_of(group.told[i]) + "; true is " +
                             text_of(group.truths[i]));
    }
    for (std::size_t i = group.truths.size(); i < group.told.size(); ++i)
        faults.push_back("never was: " + text_of(group.told[i]));
}

}  // namespace

bool Truth::is_linkers(int pid, Micros time) const {
    // Of a process that was forked, its program began before it did.
    bool before_main = false;
    bool known = false;
    for (const Mark& mark : marks) {
        if (mark.pid != pid) continue;
        if (!known) before_main = mark.what == "begin";
        known = true;
        if (mark.time > time) break;
        before_main = mark.what == "exec";
    }
    return before_main;
}

Truth read_truth(const std::string& path) {
    Truth truth;
    truth.path = path;
    std::ifstream file(path, std::ios::binary);
    std::string line;
    // A hole of many megabytes follows the text.
    while (file.peek() > 0 && std::getline(file, line)) {
        if (line.starts_with("fd ")) {
            truth.descriptors.push_back(descriptor_of(std::istringstream(line)));
            continue;
        }
        Truth::Mark mark;
        long long time = 0;
        std::istringstream(line) >> mark.what >> mark.pid >> time;
        mark.time = micros(time);
        truth.marks.push_back(mark);
    }
    if (truth.marks.empty()) throw std::runtime_error("no truth in " + path);
    return truth;
}

std::vector<TruthProgram> truth_programs() {
    const std::string directory = environment_or("FD_TRUTH_DIRECTORY", FD_TRUTH_DIRECTORY);
    std::vector<TruthProgram> programs;
    for (const char* name : {"fd_truth", "fd_truth_static", "fd_truth_i386"}) {
        const std::string path = directory + '/' + name;
        programs.push_back({name, std::filesystem::exists(path) ? path : ""});
    }
    return programs;
}

TruthProgram truth_program() {
    return truth_programs().front();
}

std::vector<std::string> compare(const Truth& truth, const JsonRecords& records,
                                 const Leeway& leeway) {
    const Told told(records, leeway);
    std::vector<std::string> faults = told.complaints();
    int missing = 0;
    for (const auto& [key, group] : alike(truth, told, leeway)) {
        compare_group(group, leeway, faults);
        for (std::size_t i = group.told.size(); i < group.truths.size(); ++i)
            if (++missing > leeway.missing)
                faults.push_back("not told: " + text_of(group.truths[i]));
    }
    return faults;
}

std::vector<std::string> contradictions(const JsonRecords& records, const Leeway& leeway) {
    return Told(records, leeway).complaints();
}

}  // namespace logfia::test
