#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "common/process/thread_probe.h"
#include "common/profile/event.h"
#include "common/sampler/hold_budget.h"
#include "common/sampler/recorder.h"
#include "common/sampler/time_ledger.h"

namespace rtprof {

// One thread of a target that is looked at from outside, and what is known of it from one tick to the next.
// Runtimes derive from it what else they know.
struct PulledThread {
  PulledThread(pid_t pid, pid_t id, double max_pause_share, TimePoint now)
      : tid(id), probe(pid, id), budget(max_pause_share, now) {}
  virtual ~PulledThread() = default;
  PulledThread(const PulledThread&) = delete;
  PulledThread& operator=(const PulledThread&) = delete;

  pid_t tid;
  ThreadProbe probe;
  std::optional<TimeLedger> ledger;  // none until the first look
  HoldBudget budget;

  enum class Activity : uint8_t {
    kAsleep,
    kOnCpu,
    kWaiting,  // to be given a CPU after a pause, which counts up its times
  };
  Activity activity = Activity::kAsleep;  // at the end of the last look
  std::optional<RawStack> running_stack;  // where it was last seen on a CPU
  std::optional<RawStack> asleep_stack;   // where it sleeps, or slept last
  Reason asleep_reason = Reason::kOther;  // what it sleeps for there
  bool asleep_counted = true;             // a sample of that sleep has been counted
  bool asleep_whole = true;               // its stack was read whole
  int asleep_retries = 0;                 // left for a sleep of which not all was told
  TimePoint changed = 0;                  // when it was last seen to run or to have run
  TimePoint due = 0;                      // for the next look
  TimePoint looked_in = 0;                // the last tick that looked at it
  TimePoint denied_since = 0;             // it could not be paused; 0 when it could
  Nanoseconds lock_time = 0;              // with the runtime's lock, not yet in a sample
};

}  // namespace rtprof
