#pragma once

#include <atomic>

namespace rtprof::cli {

// While it lives, SIGINT, SIGTERM and SIGHUP set `stopped()` instead of ending the program: a recording then
// ends early and is written. One at a time.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  const std::atomic<bool>& stopped() const;
  // Sets stopped() as a signal would.
  void request();
};

}  // namespace rtprof::cli
