#include "common/base/clock.h"

#include <ctime>

namespace rtprof {
namespace {

int64_t read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

}  // namespace

TimePoint monotonic_now() {
  return read_clock(CLOCK_MONOTONIC);
}
TimePoint wall_clock_now() {
  return read_clock(CLOCK_REALTIME);
}
Nanoseconds own_cpu_time() {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

}  // namespace rtprof
