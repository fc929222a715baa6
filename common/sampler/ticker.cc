#include "common/sampler/ticker.h"

namespace rtprof {

Ticker::Ticker(Nanoseconds period, TimePoint start)
    : period_(period), base_(start), next_(start), random_(static_cast<uint32_t>(start) | 1) {}

uint64_t Ticker::advance(TimePoint now) {
  uint64_t missed = 0;
  base_ += period_;
  if (now > base_ + period_) {
    missed = static_cast<uint64_t>((now - base_) / period_);
    base_ += static_cast<Nanoseconds>(missed) * period_;
  }
  // The grid stays where it is: jitter does not accumulate, and the mean rate is exact.
  std::uniform_int_distribution<Nanoseconds> jitter(-period_ / 4, period_ / 4);
  next_ = base_ + jitter(random_);
  return missed;
}

}  // namespace rtprof
