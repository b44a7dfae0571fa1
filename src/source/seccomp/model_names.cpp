// Finds files that have another name by now.

#include <logfia/source/seccomp/model.hpp>

#include <algorithm>
#include <limits>

namespace logfia {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(1);
/// Files are also renamed by processes whose calls do not stop for us.
constexpr Duration kAllPause = std::chrono::seconds(1);
/// A call that has stopped meanwhile waits for no more than these.
constexpr int kMostAtOnce = 64;

}  // namespace

/// A call that gives files other names is under way.
bool Model::names_may_change() const {
    return std::any_of(pending_.begin(), pending_.end(), [&](pid_t thread) {
        return changes_names(tasks_.at(thread).pending->entry.call);
    });
}

void Model::suspect_names() {
    for (auto& [number, table] : tables_) {
        table->renamed = true;
        table->next_name = 0;
    }
    names_suspect_ = true;
}

void Model::look_at_names(Now now) {
    if (now.steady >= next_all_names_) {
        next_all_names_ = now.steady + kAllPause;
        suspect_names();
    }
    if (!names_suspect_ || now.steady < next_names_) return;
    next_names_ = now.steady + kPause;
    int left = kMostAtOnce;
    names_suspect_ = false;
    for (auto& [number, table] : tables_) {
        if (!table->renamed) continue;
        const int first = table->next_name;
        table->renamed = false;
        table->numbers.for_each(first, std::numeric_limits<int>::max(),
                                [&, &table = *table](int fd, NumberEntry& entry) {
                                    if (table.renamed) return;
                                    table.renamed = left-- <= 0;
                                    table.next_name = fd;
                                    if (!table.renamed) look_at_name(table, fd, entry, now);
                                });
        names_suspect_ = names_suspect_ || table->renamed;
    }
}

/// A number that is open by the model is open indeed, with the same file: whoever wants to close it
/// stops for us first. Only an exec, an io_uring and the end of the process do not.
void Model::look_at_name(TracedTable& table, int fd, NumberEntry& entry, Now at) {
    if (entry.id == 0 || table.view == nullptr || table.process->exec) return;
    const Link link = table.view->link(fd);
    if (link.state != Link::State::open || !link.text.starts_with('/')) return;
    const std::uint64_t digest = digest_of_link(link.text);
    if (digest == entry.link) return;
    entry.link = digest;
    observer_.renamed(table, fd, entry, link.text, at);
}

}  // namespace logfia
