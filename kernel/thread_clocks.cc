#include "kernel/thread_clocks.h"

#include <algorithm>
#include <cmath>

namespace rtprof::kernel {
namespace {

// A new period costs a system call and, on average, half a tick: none of either shows when it is rare.
constexpr uint32_t kTicksPerPeriod = 50;
constexpr Nanoseconds kTimePerPeriod = 100 * kMillisecond;
// Periods are drawn from 1 ± this.
constexpr double kSpread = 0.1;

}  // namespace

ThreadClocks::ThreadClocks(Nanoseconds period, int program_fd)
    : period_(period), program_fd_(program_fd), random_(static_cast<uint32_t>(monotonic_now()) | 1) {}

std::optional<Failure> ThreadClocks::add(pid_t tid) {
  if (clocks_.contains(tid)) return std::nullopt;
  std::uniform_int_distribution<Nanoseconds> phase(1, period_);
  auto event = ClockEvent::open(tid, phase(random_), program_fd_);
  if (!event) return event.failure();
  if (event->descriptors_scarce()) return Failure{"too many threads for a clock each", EMFILE};
  clocks_.emplace(tid, Clock{std::move(*event), period_, 0, 0, 0});
  return std::nullopt;
}

void ThreadClocks::draw_period(Clock& clock) {
  // Half a tick of every batch falls to the new phase: a period that much shorter keeps the mean rate.
  std::uniform_real_distribution<double> share(1 - kSpread - 0.5 / kTicksPerPeriod,
                                               1 + kSpread - 0.5 / kTicksPerPeriod);
  clock.period = std::max(ClockEvent::kMinPeriod,
                          static_cast<Nanoseconds>(static_cast<double>(period_) * share(random_)));
  clock.event.set_period(clock.period);
  clock.drawn_at = monotonic_now();
  clock.ticks = 0;
}

ClockTick ThreadClocks::on_tick(const rt_sample_record& record) {
  bool first = (record.record.flags & RT_SAMPLE_FIRST) != 0;
  auto found = clocks_.find(static_cast<pid_t>(record.record.tid));
  ClockTick tick;
  // The first tick came after a random part of a period and stands for a whole one.
  tick.weight = first ? period_ : static_cast<Nanoseconds>(record.cpu);
  if (found == clocks_.end()) return tick;
  Clock& clock = found->second;
  auto at = static_cast<TimePoint>(record.record.time);
  // Around a new period the time between two ticks is made of parts of both.
  if (!first && clock.last_tick > clock.drawn_at) {
    auto periods = std::llround(static_cast<double>(tick.weight) / static_cast<double>(clock.period));
    if (periods > 1) tick.missed = static_cast<uint64_t>(periods - 1);
  }
  clock.last_tick = at;
  ++clock.ticks;
  if (first || (clock.ticks >= kTicksPerPeriod && at - clock.drawn_at >= kTimePerPeriod)) draw_period(clock);
  return tick;
}

}  // namespace rtprof::kernel
