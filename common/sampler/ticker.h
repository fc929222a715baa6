#pragma once

#include <cstdint>
#include <random>

#include "common/base/clock.h"

namespace rtprof {

// The clock of a puller: ticks at a mean period with jitter, so that sampling never falls into step with a
// target that does something at the same period. Ticks that could not be kept are skipped and counted.
class Ticker {
 public:
  explicit Ticker(Nanoseconds period, TimePoint start);

  TimePoint next() const { return next_; }
  bool due(TimePoint now) const { return now >= next_; }
  // Moves to the first tick after `now`; returns how many whole ticks were missed before it.
  uint64_t advance(TimePoint now);

 private:
  Nanoseconds period_;
  TimePoint base_;  // of the grid: tick n lies within ±25 % of a period around base_ + n × period_
  TimePoint next_;
  std::minstd_rand random_;
};

}  // namespace rtprof
