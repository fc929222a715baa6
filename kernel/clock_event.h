#pragma once

#include <sys/types.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/result.h"

namespace rtprof::kernel {

// A perf event on one thread's CPU clock that runs a BPF program at each tick, in the thread's context.
// It counts only while the thread is on a CPU: a thread that sleeps is never disturbed.
class ClockEvent {
 public:
  // The shortest period that the kernel's cpu-clock has.
  static constexpr Nanoseconds kMinPeriod = 10 * kMicrosecond;

  // `first` is the time to the first tick, after which set_period() gives the event its period: threads that
  // live shorter than a period are then sampled with the right probability, and threads do not tick in step.
  static Result<ClockEvent> open(pid_t tid, Nanoseconds first, int program_fd);

  void set_period(Nanoseconds period);
  // CPU time of the thread since the event was opened, nanoseconds; 0 when it cannot be read.
  Nanoseconds count() const;

 private:
  explicit ClockEvent(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace rtprof::kernel
