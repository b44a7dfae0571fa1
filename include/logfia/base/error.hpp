#pragma once

#include <string>
#include <utility>
#include <variant>

namespace logfia {

/// Tells a person what went wrong: "OPERATION SUBJECT: strerror(CODE); ADVICE", or "OPERATION
/// SUBJECT: ADVICE".
struct Error {
    std::string operation;  ///< the attempt that failed: "open", "watch"; never empty
    std::string subject;    ///< of the operation: a path, "process 42"; an empty one is shown as ''
    int code = 0;           ///< errno, or 0 when `advice` alone says it
    std::string advice;     ///< how to do better; may be empty
};

/// A single line, without a newline.
std::string describe(const Error& error);

/// A value, or the Error that prevented it. Nothing is thrown.
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }
    T& operator*() { return *std::get_if<0>(&state_); }
    const T& operator*() const { return *std::get_if<0>(&state_); }
    T* operator->() { return std::get_if<0>(&state_); }
    const T* operator->() const { return std::get_if<0>(&state_); }
    [[nodiscard]] const Error& error() const { return *std::get_if<1>(&state_); }

  private:
    std::variant<T, Error> state_;
};

}  // namespace logfia
