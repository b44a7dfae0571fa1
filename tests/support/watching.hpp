#pragma once

#include "support/fd_maker_client.hpp"
#include "support/json_text.hpp"
#include "support/logfia_run.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace logfia::test {

/// A JSON record, its strings decoded.
class JsonRecord {
  public:
    /// Throws std::runtime_error when the line is no JSON object.
    explicit JsonRecord(std::string_view line);

    [[nodiscard]] bool has(std::string_view key) const;
    /// The string, or the text of a number, literal or array; empty when there is no such key.
    [[nodiscard]] std::string operator[](std::string_view key) const;
    /// The value of `key`, byte for byte: KEY_hex where there is one.
    [[nodiscard]] std::string bytes(std::string_view key) const;
    [[nodiscard]] std::string summary() const;  ///< `open 7 /etc/hosts`, to be compared with

  private:
    JsonMembers members_;
};

using JsonRecords = std::vector<JsonRecord>;

/// The records up to now. A line that is no JSON throws.
JsonRecords json_records(LogfiaRun& run);
/// The records in their order: each call looks only behind what the last one found.
class RecordStream {
  public:
    explicit RecordStream(LogfiaRun& run) : run_(run) {}

    /// Waits for the next record that `fits`; throws std::runtime_error, with all that was written,
    /// when none comes.
    JsonRecord next(const std::function<bool(const JsonRecord&)>& fits);
    JsonRecord next(std::string_view event, int fd);
    /// Of that very file: a program that begins, or a pipe, may have had the number for a moment.
    JsonRecord next(std::string_view event, int fd, std::string_view name);
    JsonRecord next(std::string_view event);

  private:
    LogfiaRun& run_;
    std::size_t at_ = 0;
};

/// The records of one kind, and all but `lost` (a busy machine may cause those at any time).
JsonRecords only(const JsonRecords& records, std::string_view event);
JsonRecords without_lost(const JsonRecords& records);
std::vector<std::string> summaries(const JsonRecords& records);
/// The text records but `lost`, without their timestamps.
Lines plain(const Lines& lines);

/// `-n` (no test asks a real name server), `more`, and the PID.
std::vector<std::string> watch_arguments(const FdMaker& maker, std::vector<std::string> more = {});

/// Tries until it holds; false at the deadline.
bool eventually(const std::function<bool()>& holds);
/// A line of /proc/PID/status, such as "SigPnd"; empty when there is none.
std::string status_line(pid_t pid, std::string_view key);
/// Waits until the process sleeps; false at the deadline. From then on its CPU clock stands still.
bool comes_to_sleep(pid_t pid);
/// Waits until so many looks have begun and ended since this call. For a run with -d below 10 ms
/// (there, each tick is a look) whose reader is stalled or has nothing to read: each sleep in its
/// loop is then a tick. With -f, a process that starts or ends may wake it as well.
bool wait_for_looks(const LogfiaRun& run, long looks = 2);

/// Stops logfia as long as it lives, so that all that happens meanwhile is one look's.
class Standstill {
  public:
    explicit Standstill(LogfiaRun& run);
    ~Standstill();
    Standstill(const Standstill&) = delete;
    Standstill& operator=(const Standstill&) = delete;

  private:
    LogfiaRun& run_;
};

/// The output and the status of logfia when it comes to an end by itself.
struct Outcome {
    int status = -1;
    Lines lines{};
    std::string errors{};
};
Outcome outcome_of(const std::vector<std::string>& arguments, const ChildOptions& options = {});
/// Runs logfia through /bin/sh; `"$0"` in the script is logfia.
Outcome outcome_of_script(const std::string& script, const ChildOptions& options = {});

}  // namespace logfia::test
