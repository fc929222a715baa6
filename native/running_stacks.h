#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/process/stack_snapshot.h"
#include "common/process/thread_probe.h"
#include "common/sampler/pulled_thread.h"

namespace rtprof::native {

// Takes the registers and the stack of a thread that runs, at an instant of ours. Lives on the thread that
// samples.
class RunningStacks {
 public:
  virtual ~RunningStacks() = default;

  // At each tick, before any is taken.
  virtual void begin_batch() {}

  // A mark that tells what the thread runs without a look at it; empty where there is none.
  virtual std::string_view told(pid_t) const { return {}; }

  struct Taken {
    bool is_taken = false;
    // Nothing where the stack could not be read. Valid until the next call.
    std::optional<StackSnapshot> snapshot;
    bool stopped = false;     // the thread was taken off its CPU, or is about to be
    bool late = false;        // there should be one: the thread's next one stands for this one, too
    std::string_view denied;  // it was not permitted: the mark that says so
    // What the scheduler had counted when it was taken; nothing when it was not.
    std::optional<ThreadTimes> times;
  };
  // Calls `beside` when the thread is as it is in the snapshot, or was a moment ago.
  virtual Taken take(PulledThread& thread, const std::function<void()>& beside) = 0;

  // As PullTarget has them.
  virtual int late_fd() const { return -1; }
  virtual void release_late() {}
  virtual std::vector<Nanoseconds> take_holds() { return {}; }
  virtual uint64_t held_back() const { return 0; }
};

}  // namespace rtprof::native
