#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace rtprof {

// The exit statuses that scripts rely on.
enum class ExitCode {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kTargetEnded = 3,
  kNotPermitted = 4,
  kThresholdMet = 5,
};

// An error for a person: what went wrong in one line, and what to do about it. Thrown where no caller could
// do better, caught once in cli/main.cc, which prints both lines and exits with `code`.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), hint_(std::move(hint)), code_(code) {}

  // The way out; empty when there is none to offer.
  const std::string& hint() const { return hint_; }
  ExitCode code() const { return code_; }

 private:
  std::string hint_;
  ExitCode code_;
};

// The text of an errno value, thread safe.
std::string errno_text(int error);

}  // namespace rtprof
