#include "kernel/cpu_clocks.h"

#include <cmath>

#include "kernel/perf_event.h"

namespace rtprof::kernel {
namespace {

// Periods are drawn from 1 ± this.
constexpr double kSpread = 0.1;
constexpr Nanoseconds kTimePerPeriod = 100 * kMillisecond;

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

ClockTick CpuClocks::on_tick(const rt_sample_record& record) const {
  ClockTick tick{static_cast<Nanoseconds>(record.cpu), 0};
  auto periods = std::llround(static_cast<double>(tick.weight) / static_cast<double>(period_));
  if (periods > 1) tick.missed = static_cast<uint64_t>(periods - 1);
  return tick;
}

void CpuClocks::draw_periods() {
  TimePoint now = monotonic_now();
  if (now - drawn_at_ < kTimePerPeriod) return;
  drawn_at_ = now;
  std::uniform_real_distribution<double> share(1 - kSpread, 1 + kSpread);
  for (ClockEvent& clock : clocks_)
    clock.set_period(static_cast<Nanoseconds>(static_cast<double>(period_) * share(random_)));
}

}  // namespace rtprof::kernel
