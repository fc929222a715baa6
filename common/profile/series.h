#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

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

// The samples of one event in the order in which they were added, bounded in memory: a sample that continues
// its thread's last one is folded into it, and when there are more than `limit` of them the resolution of
// time is coarsened: samples of the same thread, stack and reason within one step of time become one. No
// weight and no count is ever lost.
class Series {
 public:
  explicit Series(Event event, size_t limit = 120'000) : event_(event), limit_(limit) {}

  void add(const Sample& sample);
  // Hands out the samples that were added since the last time and forgets them; the totals keep counting.
  std::vector<Sample> take();

  Event event() const { return event_; }
  const std::vector<Sample>& samples() const { return samples_; }
  int64_t total_weight() const { return total_weight_; }
  uint64_t total_count() const { return total_count_; }
  // The step to which time was coarsened; 0 while it is exact.
  Nanoseconds resolution() const { return resolution_; }

 private:
  bool fold(Sample& last, const Sample& sample) const;
  void merge_steps();
  void coarsen();

  Event event_;
  size_t limit_;
  Nanoseconds resolution_ = 0;
  int64_t total_weight_ = 0;
  uint64_t total_count_ = 0;
  std::vector<Sample> samples_;
  std::vector<uint32_t> last_of_thread_;  // by thread: index into samples_ plus one, 0 for none
};

}  // namespace rtprof
