#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <random>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "kernel/clock_event.h"
#include "kernel/record.h"

namespace rtprof::kernel {

// The clock events of one target's threads: their phases, periods and accounts.
//
// Goal: a sample of a thread stands for the CPU time since its last one, and no rhythm of the target can hide
// from the sampler. The kernel's clock ticks at a fixed period, so a target that does something every 4 ms of
// CPU time would be met in the same phase again and again by a 1 ms clock. Changing the period at every tick
// would take a system call a sample. Instead each thread's period is drawn anew after a batch of ticks, which
// also begins a new phase; what has run since the last tick by then is part of the next sample's weight.
class ThreadClocks {
 public:
  ThreadClocks(Nanoseconds period, int program_fd);

  // Opens the thread's clock; at once if it has one. EMFILE: there are too few descriptors for all threads.
  // The first tick comes after a random part of a period, so that a thread that lives shorter than a period
  // is met with the right probability.
  std::optional<Failure> add(pid_t tid);
  void remove(pid_t tid) { clocks_.erase(tid); }
  void clear() { clocks_.clear(); }

  // Accounts for a record that the kernel sent.
  ClockTick on_tick(const rt_sample_record& record);

 private:
  struct Clock {
    ClockEvent event;
    Nanoseconds period;
    TimePoint drawn_at;
    TimePoint last_tick;
    uint32_t ticks;
  };
  void draw_period(Clock& clock);

  Nanoseconds period_;
  int program_fd_;
  std::minstd_rand random_;
  std::map<pid_t, Clock> clocks_;
};

}  // namespace rtprof::kernel
