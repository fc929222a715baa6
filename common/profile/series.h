#pragma once

#include <cstdint>
#include <vector>

#include "common/base/clock.h"
#include "common/profile/event.h"
#include "common/profile/packed_sums.h"
#include "common/profile/sample.h"

namespace rtprof {

// The samples of one event in the order in which they were added, bounded in memory: a sample that continues
// its thread's last one is folded into it, and when there are more than `limit` of them the resolution of
// time is coarsened: samples of the same thread, stack and reason within one step of time become one. Where
// a single step would still be too many, times are given up: such samples become packed sums. No weight and
// no count is ever lost. FoldedSamples reads all of them.
class Series {
 public:
  explicit Series(Event event, size_t limit = 120'000) : event_(event), limit_(limit) {}

  void add(const Sample& sample);
  // Hands out the samples that were added since the last time and forgets them; the totals keep counting.
  std::vector<Sample> take();

  Event event() const { return event_; }
  // Those that have their times: all of them while has_times().
  const std::vector<Sample>& samples() const { return samples_; }
  bool has_times() const { return sums_.empty(); }
  // The others, by thread.
  const std::vector<PackedSums>& sums() const { return sums_; }
  int64_t total_weight() const { return total_weight_; }
  uint64_t total_count() const { return total_count_; }
  // The step to which time was coarsened; 0 while it is exact.
  Nanoseconds resolution() const { return resolution_; }
  // Bytes held.
  size_t memory_use() const;

 private:
  // Without times, half of the room is for the sums: they are what there is much of.
  size_t limit() const { return has_times() ? limit_ : limit_ / 2; }
  bool fold(Sample& last, const Sample& sample) const;
  void merge_steps();
  void coarsen();
  void give_up_times();

  Event event_;
  size_t limit_;
  Nanoseconds resolution_ = 0;
  int64_t total_weight_ = 0;
  uint64_t total_count_ = 0;
  std::vector<Sample> samples_;
  std::vector<PackedSums> sums_;
  std::vector<uint32_t> last_of_thread_;  // by thread: index into samples_ plus one, 0 for none
};

}  // namespace rtprof
