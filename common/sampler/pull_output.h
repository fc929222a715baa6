#pragma once

#include <array>
#include <vector>

#include "common/sampler/plan.h"
#include "common/sampler/pull_target.h"
#include "common/sampler/recorder.h"

namespace rtprof {

// Hands samples of a process to the recorder, for each event that is recorded what it counts, and counts
// them.
class PullOutput {
 public:
  // `target` and `recorder` outlive this.
  PullOutput(pid_t pid, const PullTarget& target, const SamplingPlan& plan, Recorder& recorder);

  // Whether an event counts elapsed time: wall, and cpu with --idle.
  bool elapsed() const { return elapsed_; }
  // Whether an event counts CPU time.
  bool cpu() const { return cpu_; }

  // How a record came about.
  enum class Record {
    kTaken,  // now
    kTorn,   // now, and its stack moved while it was read
    kMore,   // it adds time to one that was counted before
  };

  // `time` up to `end` that a thread spent with `stack`. Time spent running goes to all events, the rest to
  // those that count elapsed time.
  void add(Reason reason, pid_t tid, RawStack stack, TimePoint end, Nanoseconds time, Record record);

  // CPU time alone, for what ran before it was seen.
  void add_cpu(pid_t tid, RawStack stack, TimePoint end, Nanoseconds time, Record record);

  void add_ticks(uint64_t ticks) { base_.ticks += ticks; }
  void add_late(uint64_t late) { base_.late_ticks += late; }
  void add_holds(const std::vector<Nanoseconds>& holds);

  // One an event; what is not known here (reason, threads, target_cpu) is left out.
  std::vector<RunQuality> quality() const;

 private:
  struct Counts {
    uint64_t samples = 0;
    uint64_t torn = 0;
    uint64_t unknown = 0;
    int64_t weight = 0;
  };

  void emit(Event event, Reason reason, pid_t tid, RawStack stack, TimePoint end, Nanoseconds time,
            Record record);

  pid_t pid_;
  std::vector<Event> events_;
  bool wall_;
  bool cpu_;
  bool idle_cpu_;
  bool elapsed_;
  Recorder& recorder_;
  const PullTarget& target_;
  RunQuality base_;
  std::array<Counts, 5> counts_{};  // by event
};

}  // namespace rtprof
