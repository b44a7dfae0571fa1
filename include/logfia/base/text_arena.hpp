#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace logfia {

/// Bytes laid end to end in one block that only grows and is never zeroed: system calls write
/// straight into it. Offsets stay right when it grows; pointers do not.
class TextArena {
  public:
    /// Returns room for at least `bytes` after the used part.
    char* room(std::size_t bytes) {
        if (capacity_ - used_ < bytes) grow(bytes);
        return data_.get() + used_;
    }
    void commit(std::size_t bytes) { used_ += bytes; }

    void append(std::string_view text) {
        if (text.empty()) return;
        std::memcpy(room(text.size()), text.data(), text.size());
        commit(text.size());
    }

    [[nodiscard]] std::size_t size() const { return used_; }
    [[nodiscard]] std::string_view view(std::size_t offset, std::size_t length) const {
        return {data_.get() + offset, length};
    }
    [[nodiscard]] std::string_view all() const { return {data_.get(), used_}; }
    void clear() { used_ = 0; }

  private:
    void grow(std::size_t bytes) {
        std::size_t wanted = capacity_ < 64 ? 64 : capacity_;
        while (wanted - used_ < bytes) wanted += wanted / 2;
        auto larger = std::make_unique_for_overwrite<char[]>(wanted);
        if (used_ != 0) std::memcpy(larger.get(), data_.get(), used_);
        data_ = std::move(larger);
        capacity_ = wanted;
    }

    std::unique_ptr<char[]> data_;
    std::size_t used_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace logfia
