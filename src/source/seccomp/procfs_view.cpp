#include <logfia/base/fields.hpp>
#include <logfia/base/unique_fd.hpp>
#include <logfia/procfs/numbered_dir.hpp>
#include <logfia/procfs/proc_path.hpp>
#include <logfia/source/seccomp/procfs_view.hpp>

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace logfia {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

class ProcfsTable final : public TableView {
  public:
    ProcfsTable(UniqueFd dir, DescriptorCount count) : dir_(std::move(dir)), count_(count) {}

    [[nodiscard]] int directory() const override { return dir_.get(); }

    Link link(int fd) override {
        ssize_t length = read_link(fd);
        if (length < 0 && is_lacking(errno)) length = read_link(fd);
        if (length >= 0)
            return {Link::State::open, {text_.data(), static_cast<std::size_t>(length)}};
        return {is_gone(errno) ? Link::State::absent : Link::State::unreadable, {}};
    }

    std::optional<std::size_t> count() override {
        struct stat status {};
        if (count_ == DescriptorCount::untold || fstat(dir_.get(), &status) != 0)
            return std::nullopt;
        return static_cast<std::size_t>(status.st_size);
    }

    std::optional<std::vector<int>> list() override {
        if (lseek(dir_.get(), 0, SEEK_SET) != 0) return std::nullopt;
        std::vector<int> numbers;
        std::array<char, 32768> buffer;
        for (;;) {
            const ssize_t got = getdents64(dir_.get(), buffer.data(), buffer.size());
            if (got < 0) return std::nullopt;
            if (got == 0) break;
            add_numbers({buffer.data(), static_cast<std::size_t>(got)}, numbers);
        }
        std::sort(numbers.begin(), numbers.end());
        return numbers;
    }

  private:
    ssize_t read_link(int fd) {
        return readlinkat(dir_.get(), fd_path(fd).data(), text_.data(), text_.size());
    }

    static void add_numbers(std::string_view entries, std::vector<int>& numbers) {
        while (!entries.empty()) {
            unsigned short length = 0;
            std::memcpy(&length, entries.data() + offsetof(dirent64, d_reclen), sizeof length);
            const std::string_view name = entries.data() + offsetof(dirent64, d_name);
            if (const auto number = parse_number<int>(name)) numbers.push_back(*number);
            entries.remove_prefix(length);
        }
    }

    UniqueFd dir_;
    DescriptorCount count_;
    std::array<char, PATH_MAX> text_;
};

}  // namespace

std::optional<KernelView::TaskFacts> ProcfsView::task(pid_t thread) {
    std::array<char, 4096> buffer;
    const auto status =
        parse_proc_status(read_piece(root_.fd(), proc_path("{}/status", thread).data(), buffer));
    if (!status.tgid) return std::nullopt;
    return TaskFacts{*status.tgid, status.parent.value_or(0)};
}

bool ProcfsView::share_table(pid_t a, pid_t b) {
    const long order = syscall(SYS_kcmp, a, b, KCMP_FILES, 0, 0);
    if (order >= 0 || errno == ESRCH) return order == 0;
    // Sandboxes forbid the question (Docker's, without CAP_SYS_PTRACE), and not every kernel has an
    // answer. Threads of one process nearly always have one table, and processes hardly ever.
    const auto of_a = task(a);
    const auto of_b = task(b);
    return of_a && of_b && of_a->process == of_b->process;
}

std::vector<pid_t> ProcfsView::threads_of(pid_t process) {
    std::vector<pid_t> threads;
    const UniqueFd dir(openat(root_.fd(), proc_path("{}/task", process).data(), kDirectory));
    if (!dir) return threads;
    std::array<char, 1024> buffer;
    any_number_in(dir.get(), [&](int thread) {
        const auto stat =
            parse_run_state(read_piece(dir.get(), proc_path("{}/stat", thread).data(), buffer));
        if (stat && !stat->has_ended()) threads.push_back(thread);
        return false;
    });
    return threads;
}

std::unique_ptr<TableView> ProcfsView::open_table(pid_t thread) {
    UniqueFd dir(openat(root_.fd(), proc_path("{}/fd", thread).data(), kDirectory));
    if (!dir) return nullptr;
    return std::make_unique<ProcfsTable>(std::move(dir), count_);
}

std::optional<ProgramImage> ProcfsView::image_of(pid_t process) {
    std::array<char, 1024> buffer;
    return parse_program_image(
        read_piece(root_.fd(), proc_path("{}/stat", process).data(), buffer));
}

/// `/proc/N/syscall` begins with the number of the call that a sleeping thread is in, with -1 where
/// it is in none, or says `running` (proc_pid_syscall(), fs/proc/base.c).
bool ProcfsView::may_be_in_call(pid_t thread, int number) {
    std::array<char, 256> buffer;
    std::string_view text = read_piece(root_.fd(), proc_path("{}/syscall", thread).data(), buffer);
    const auto told = parse_number<int>(next_field(text));
    return !told || *told == number;
}

}  // namespace logfia
