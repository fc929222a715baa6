#pragma once

#include <cstdint>

#include "common/base/clock.h"
#include "common/profile/event.h"

namespace rtprof {

// Equal consecutive samples of one thread, folded: `count` records that together weigh `weight` and cover
// [start, start + duration).
struct Sample {
  TimePoint start = 0;
  Nanoseconds duration = 0;
  int64_t weight = 0;   // nanoseconds, or bytes for alloc
  uint64_t count = 0;   // records taken, never periods
  uint32_t stack = 0;   // StackId
  uint32_t thread = 0;  // index into Profile::threads()
  Reason reason = Reason::kNone;
};

}  // namespace rtprof
