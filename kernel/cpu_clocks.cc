#include "kernel/cpu_clocks.h"

#include <algorithm>
#include <cmath>

#include "kernel/perf_event.h"

namespace rtprof::kernel {
namespace {

// Periods are drawn from 1 ± this.
constexpr double kSpread = 0.1;
constexpr Nanoseconds kTimePerPeriod = 100 * kMillisecond;
constexpr Nanoseconds kTicksPerPeriod = 50;

}  // namespace

Result<CpuClocks> CpuClocks::open(Nanoseconds period, int program_fd) {
  CpuClocks clocks(period);
  std::uniform_int_distribution<Nanoseconds> phase(1, period);
  for (int cpu : online_cpus()) {
    auto event = ClockEvent::open_cpu(cpu, phase(clocks.random_), program_fd);
    if (!event) return event.failure();
    clocks.clocks_.push_back(std::move(*event));
  }
  clocks.draw_periods();
  return clocks;
}

// Not the time since the CPU's last tick: the host of a virtual machine may have kept the CPU for a while,
// and the thread did not run then.
ClockTick CpuClocks::on_tick(const rt_sample_record& record) const {
  ClockTick tick{period_, 0};
  // Around a new period the time between two ticks is made of parts of both.
  if (static_cast<TimePoint>(record.record.time) < drawn_at_ + 3 * period_) return tick;
  auto periods = std::llround(static_cast<double>(record.cpu) / static_cast<double>(period_));
  if (periods > 1) tick.missed = static_cast<uint64_t>(periods - 1);
  return tick;
}

void CpuClocks::draw_periods() {
  TimePoint now = monotonic_now();
  Nanoseconds batch = std::max(kTimePerPeriod, kTicksPerPeriod * period_);
  if (now - drawn_at_ < batch) return;
  drawn_at_ = now;
  // Half a tick of every batch falls to the new phase: a period that much shorter keeps the mean rate.
  double lost = 0.5 * static_cast<double>(period_) / static_cast<double>(batch);
  std::uniform_real_distribution<double> share(1 - kSpread - lost, 1 + kSpread - lost);
  for (ClockEvent& clock : clocks_)
    clock.set_period(static_cast<Nanoseconds>(static_cast<double>(period_) * share(random_)));
}

}  // namespace rtprof::kernel
