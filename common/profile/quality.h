#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/profile/event.h"

namespace rtprof {

// How long threads were held, one entry a pause. Percentiles come from a histogram of logarithmic buckets and
// are right within 3 %.
class PauseHistogram {
 public:
  void add(Nanoseconds held);
  uint64_t count() const { return count_; }
  Nanoseconds max() const { return max_; }
  Nanoseconds total() const { return total_; }
  // 0 ≤ share ≤ 1; 0 when nothing was paused.
  Nanoseconds percentile(double share) const;

 private:
  std::vector<uint32_t> buckets_;
  uint64_t count_ = 0;
  Nanoseconds total_ = 0;
  Nanoseconds max_ = 0;
};

// How right one event's samples of one process are. asked = samples + late_ticks + torn + lost + errors.
struct RunQuality {
  int32_t pid = 0;
  std::string runtime;          // "python"
  std::string runtime_version;  // "3.14.0"
  Event event = Event::kCpu;
  Mechanism mechanism = Mechanism::kKernel;
  bool exact = true;   // false: stacks can be wrong
  std::string reason;  // why no better mechanism; empty for the best
  double requested_rate = 0;
  uint64_t ticks = 0;           // times the sampler looked
  uint64_t asked = 0;           // samples that should have been taken
  uint64_t samples = 0;         // records taken, readable or not
  uint64_t late_ticks = 0;      // ticks that came more than a period late, and so were merged with the next
  uint64_t torn = 0;            // samples whose stack changed while it was read
  uint64_t errors = 0;          // samples that could not be taken
  uint64_t lost = 0;            // samples dropped because a buffer was full
  uint64_t unknown_frames = 0;  // samples kept under [unknown: …]
  uint64_t threads = 0;         // that were seen
  int64_t total_weight = 0;     // ns or bytes
  Nanoseconds target_cpu = 0;   // CPU time that the process used meanwhile
  // How long some thread ran while it held the runtime's lock (SamplingPlan::lock_share); none: not known.
  std::optional<Nanoseconds> lock_held;
  PauseHistogram pauses;
};

// The cost and quality of a whole recording.
struct RecordingQuality {
  Nanoseconds profiler_cpu = 0;
  Nanoseconds bpf_cpu = 0;
  uint64_t profiler_max_rss_kb = 0;
  Nanoseconds time_to_first_sample = 0;  // from the start of the program; 0 when there was none
  std::vector<RunQuality> runs;
};

}  // namespace rtprof
