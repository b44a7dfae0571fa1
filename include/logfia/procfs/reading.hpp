#pragma once

#include <optional>
#include <type_traits>
#include <utility>

namespace logfia {

/// A value that was read from procfs, or the errno that prevented it.
template <class T>
class [[nodiscard]] Reading {
  public:
    Reading(T value) : value_(std::move(value)) {}
    /// `error`: errno, or 0 where what was read is empty or makes no sense, as it can be when a
    /// process is about to go.
    static Reading failed(int error) {
        Reading reading;
        reading.error_ = error;
        return reading;
    }

    /// Not for a bool, where success and the value would be confused.
    explicit operator bool() const requires(!std::is_same_v<T, bool>) { return value_.has_value(); }
    const T& operator*() const { return *value_; }
    const T* operator->() const { return &*value_; }
    T& operator*() { return *value_; }
    T* operator->() { return &*value_; }
    [[nodiscard]] T value_or(T other) const { return value_.value_or(std::move(other)); }
    /// Of a failure; 0 where there is a value.
    [[nodiscard]] int error() const { return error_; }

  private:
    Reading() = default;

    std::optional<T> value_;
    int error_ = 0;
};

}  // namespace logfia
