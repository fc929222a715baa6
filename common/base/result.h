#pragma once

#include <string>
#include <utility>
#include <variant>

namespace rtprof {

// Why a recoverable operation failed: a phrase that can stand in a sentence, and errno where there was one.
struct Failure {
  std::string message;
  int error = 0;
};

// A value, or the reason why there is none. For failures that a caller can act on (the next rung, the next
// file); an error that only a person can act on is an Error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}            // NOLINT(google-explicit-constructor)
  Result(Failure failure) : state_(std::move(failure)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  // Only when ok().
  T& value() { return std::get<T>(state_); }
  const T& value() const { return std::get<T>(state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only when not ok().
  const Failure& failure() const { return std::get<Failure>(state_); }

 private:
  std::variant<T, Failure> state_;
};

}  // namespace rtprof
