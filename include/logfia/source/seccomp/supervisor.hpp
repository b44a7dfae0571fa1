#pragma once

#include <logfia/base/error.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/procfs/proc_root.hpp>
#include <logfia/source/seccomp/change_queue.hpp>
#include <logfia/source/seccomp/filter.hpp>
#include <logfia/source/seccomp/guard.hpp>
#include <logfia/source/seccomp/listener.hpp>
#include <logfia/source/seccomp/model.hpp>
#include <logfia/source/seccomp/recorder.hpp>

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <unordered_map>

namespace logfia {

/// Serves the calls of a command that stop for us, on a thread that does nothing else: reads what
/// is needed, lets the call go on, and only then hands the changes over.
class Supervisor {
  public:
    struct Options {
        Model::Children children = Model::Children::ignored;
        Model::Inherited inherited = Model::Inherited::untold;
        DescriptorCount count = DescriptorCount::told;
        RecorderOptions recorder{};
        /// Bytes of changes that may wait for their reader; more is left out.
        std::size_t max_waiting = std::size_t{64} << 20U;
    };
    /// The references must outlive the supervisor. `socket` is the one that FilterStep sends the
    /// listener to.
    struct Parts {
        const ProcRoot& root;
        const NoticePage& page;
        Guard& guard;
        ChangeQueue& queue;
        UniqueFd socket;
    };
    Supervisor(Parts parts, const Options& options);
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;
    /// Ends the thread. Calls that stop from now on are the guard's.
    ~Supervisor();

    /// Starts the thread, which waits for the listener. `command` is the child that has not called
    /// exec yet.
    Result<bool> start(pid_t command);

    /// From now on calls are let go on at once, and nothing more is told.
    void tell_no_more();
    /// The reader cannot take any more for now (true), or can again.
    void hold_back(bool full);
    /// True when there was no memory to go on telling.
    [[nodiscard]] bool is_out_of_memory() const { return out_of_memory_; }
    /// The errno of why the command's calls could not be served, so that it was not run.
    [[nodiscard]] int refusal() const { return refusal_; }
    /// False when the kernel is older than 6.6, so that each call costs two more changes of the
    /// CPU. To be asked once the command runs.
    [[nodiscard]] bool hands_over_cpu() const { return hands_over_cpu_; }

  private:
    class Served;

    void run(pid_t command);
    void serve(pid_t command);
    UniqueFd receive_listener();
    bool tell_ready();
    void send_word();

    Parts parts_;
    Options options_;
    UniqueFd word_;  // an eventfd: one of the following has changed
    std::thread thread_;
    std::atomic<bool> telling_ = true;
    std::atomic<bool> held_back_ = false;
    std::atomic<bool> ending_ = false;
    std::atomic<bool> out_of_memory_ = false;
    std::atomic<bool> hands_over_cpu_ = true;
    std::atomic<int> refusal_ = 0;
};

}  // namespace logfia
