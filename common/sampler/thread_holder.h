#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "common/process/pause.h"
#include "common/process/process.h"
#include "common/sampler/pulled_thread.h"

namespace rtprof {

// Holds threads of one process still for the moment that a read takes, each within its budget. Lives on the
// thread that samples.
class ThreadHolder {
 public:
  // `process` outlives this.
  explicit ThreadHolder(const Process& process) : process_(process), pauser_(process.pid()) {}

  struct Attempt {
    bool held = false;        // it was, and was read
    bool stopped = false;     // it was taken off its CPU, or is about to be
    bool late = false;        // it may be held again soon: the thread's next sample stands for this one, too
    std::string_view denied;  // it was not permitted to hold the thread: the mark that says so
    // What the scheduler had counted while the thread was held; nothing when it was not.
    std::optional<ThreadTimes> times;
  };
  // Calls `read` while the thread is held. It is not called when the thread was not to be held any longer,
  // did not stop, or is held by another tracer.
  Attempt hold(PulledThread& thread, const std::function<void()>& read);

  void release_late() { pauser_.release_late(); }
  std::vector<Nanoseconds> take_holds() { return pauser_.take_holds(); }
  // Samples that were not taken so that threads were not held for longer than permitted.
  uint64_t held_back() const { return held_back_; }

 private:
  Attempt denied(PulledThread& thread) const;

  const Process& process_;
  Pauser pauser_;
  uint64_t held_back_ = 0;
};

}  // namespace rtprof
