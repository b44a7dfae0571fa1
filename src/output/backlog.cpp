#include <logfia/output/backlog.hpp>

#include <utility>

namespace logfia {

std::string& Backlog::tail() {
    if (blocks_.empty() || blocks_.back().size() >= kBlockSize) {
        if (!blocks_.empty()) full_ += blocks_.back().size();
        blocks_.push_back(std::exchange(spare_, {}));
    }
    return blocks_.back();
}

std::size_t Backlog::size() const {
    return blocks_.empty() ? 0 : full_ + blocks_.back().size() - consumed_;
}

std::string_view Backlog::front() const {
    if (blocks_.empty()) return {};
    return std::string_view(blocks_.front()).substr(consumed_);
}

void Backlog::consume(std::size_t count) {
    consumed_ += count;
    if (blocks_.empty() || consumed_ < blocks_.front().size()) return;
    consumed_ = 0;
    const std::size_t size = blocks_.front().size();
    std::string block = std::move(blocks_.front());
    // Keeps one block for the next records, unless a giant record has made it a giant.
    if (block.capacity() > 4 * kBlockSize) std::string().swap(block);
    block.clear();
    if (blocks_.size() == 1) {
        blocks_.front() = std::move(block);
        return;
    }
    full_ -= size;
    blocks_.pop_front();
    spare_ = std::move(block);
}

void Backlog::clear() {
    *this = {};
}

}  // namespace logfia
