#pragma once

#include <sys/types.h>

#include <unordered_map>

#include "common/base/clock.h"

namespace rtprof::kernel {

// Tells when a process's threads live too shortly to be sampled by clocks of their own. The clock of a new
// thread is there only after the kernel has told of it, or begins with a whole period: what a thread does
// before is in no sample, which matters where that is much of its life.
class ShortLives {
 public:
  void began(pid_t tid, TimePoint time) { born_[tid] = time; }
  // True when this was one too many in the last second. Threads whose beginning was not told do not count.
  bool ended(pid_t tid, TimePoint time) {
    auto born = born_.extract(tid);
    if (!born || time - born.mapped() > kShort) return false;
    if (time - window_ > kSecond) {
      window_ = time;
      in_window_ = 0;
    }
    return ++in_window_ >= kMany;
  }

 private:
  static constexpr Nanoseconds kShort = 50 * kMillisecond;
  static constexpr int kMany = 10;

  std::unordered_map<pid_t, TimePoint> born_;
  TimePoint window_ = 0;
  int in_window_ = 0;
};

}  // namespace rtprof::kernel
