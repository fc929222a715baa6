#pragma once

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"

namespace rtprof {

// Where bytes go in order, piece by piece, so that what is large is never held as a whole. Small pieces are
// gathered before they are passed on.
class Sink {
 public:
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void write(std::string_view bytes) {
    gathered_ += bytes;
    if (gathered_.size() >= kEnough) flush();
  }

  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(gathered_), format, std::forward<Args>(args)...);
    if (gathered_.size() >= kEnough) flush();
  }

  // Passes on what is gathered.
  void flush() {
    pass_on(gathered_);
    gathered_.clear();
  }

 protected:
  Sink() = default;
  virtual void pass_on(std::string_view bytes) = 0;

 private:
  static constexpr size_t kEnough = 64 << 10;

  std::string gathered_;
};

// Keeps the bytes.
class StringSink final : public Sink {
 public:
  const std::string& text() {
    flush();
    return text_;
  }

 private:
  void pass_on(std::string_view bytes) override { text_ += bytes; }

  std::string text_;
};

// Writes to a descriptor, which outlives it. After a failure the rest is dropped.
class FdSink final : public Sink {
 public:
  explicit FdSink(int fd) : fd_(fd) {}

  // Call at the end: writes what is left, and fails when anything could not be written, with errno.
  Result<bool> finish();

 private:
  void pass_on(std::string_view bytes) override;

  int fd_;
  std::optional<Failure> failure_;
};

}  // namespace rtprof
