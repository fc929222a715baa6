#pragma once

#include <random>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "kernel/clock_event.h"
#include "kernel/record.h"

namespace rtprof::kernel {

// Clocks of all CPUs in the place of a clock for each thread: they take as many descriptors as there are
// CPUs, and meet each thread with the right probability, however short it lives. What they cost instead: a
// tick of a thread that is no target takes a microsecond of its time, too; CPU time is a sum of samples and
// not measured; and threads that timers wake for less than a period are met less often than is right, since
// the clock is a timer as well.
class CpuClocks {
 public:
  static Result<CpuClocks> open(Nanoseconds period, int program_fd);

  ClockTick on_tick(const rt_sample_record& record) const;
  // To be called often: draws them anew after some ticks, so that no rhythm of a target hides from the
  // clocks.
  void draw_periods();

 private:
  explicit CpuClocks(Nanoseconds period)
      : period_(period), random_(static_cast<uint32_t>(monotonic_now()) | 1) {}

  Nanoseconds period_;
  std::minstd_rand random_;
  TimePoint drawn_at_ = 0;
  std::vector<ClockEvent> clocks_;
};

}  // namespace rtprof::kernel
