#pragma once

#include <sys/types.h>

#include <cstdint>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/result.h"

namespace rtprof::kernel {

// What a record of a clock's tick means.
struct ClockTick {
  Nanoseconds weight = 0;  // CPU time that the sample stands for
  uint64_t missed = 0;     // ticks that the kernel should have delivered before it
};

// A perf event that runs a BPF program at each tick, in the context of the thread that it interrupts.
class ClockEvent {
 public:
  // The shortest period that the kernel's cpu-clock has.
  static constexpr Nanoseconds kMinPeriod = 10 * kMicrosecond;

  // On one thread's CPU clock: it counts only while the thread is on a CPU, and one that sleeps is never
  // disturbed. `first` is the time to the first tick, after which set_period() gives the event its period:
  // threads that live shorter than a period are then sampled with the right probability, and threads do not
  // tick in step.
  static Result<ClockEvent> open(pid_t tid, Nanoseconds first, int program_fd);
  // On the time of a CPU, whatever it does.
  static Result<ClockEvent> open_cpu(int cpu, Nanoseconds first, int program_fd);

  // rtprof::descriptors_scarce() of its own.
  bool descriptors_scarce() const { return rtprof::descriptors_scarce(fd_); }

  void set_period(Nanoseconds period);

 private:
  static Result<ClockEvent> open(pid_t tid, int cpu, Nanoseconds first, int program_fd);
  explicit ClockEvent(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace rtprof::kernel
