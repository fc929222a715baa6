#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/base/fd.h"
#include "common/process/process.h"
#include "common/process/thread_probe.h"
#include "common/profile/event.h"
#include "common/sampler/hold_budget.h"
#include "common/sampler/recorder.h"
#include "common/sampler/time_ledger.h"
#include "python/remote_walker.h"
#include "python/threads.h"

namespace rtprof {

// One thread of a target, and what is known of it from one tick to the next.
struct SampledThread {
  SampledThread(pid_t pid, pid_t id, double max_pause_share, TimePoint now)
      : tid(id), probe(pid, id), budget(max_pause_share, now) {}

  // It was not found among the thread states; most often it never will be.
  void put_off_search(TimePoint now);

  pid_t tid;
  ThreadProbe probe;
  std::optional<TimeLedger> ledger;  // none until the first look
  HoldBudget budget;
  // Newest interpreter first; empty for a thread that runs no Python code.
  std::vector<PythonThread> states;
  std::vector<WalkMemory> walks;  // of each state

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
  TimePoint changed = 0;                  // when it was last seen to run or to have run
  TimePoint due = 0;                      // for the next look
  TimePoint looked_in = 0;                // the last tick that looked at it
  Nanoseconds search_after = 0;           // the wait before the next search for its state
  TimePoint search_due = 0;               // when that search is due; 0 before the first
  TimePoint denied_since = 0;             // it could not be paused; 0 when it could
  Nanoseconds gil_time = 0;               // with the GIL, not yet in a sample
};

// The threads of a target: those that the kernel lists, and which thread states of the interpreter they run.
class ThreadTable {
 public:
  ThreadTable(const Process& process, const PythonLayout& layout, double max_pause_share);

  // True when the kernel has more or fewer threads than were last listed, or something that was asked for
  // has changed. One system call.
  bool outdated() const;
  // Say that a thread state was not what was expected.
  void suspect() { suspected_ = true; }
  // Whether reading the thread states again may find that of `thread`, which has none and has run: always
  // when states have come or gone, else ever more rarely. A state can take the place of another's in memory,
  // and a process that was forked a moment ago has the thread id of its parent until it first runs.
  bool may_have_state(const SampledThread& thread, TimePoint now) const;
  // Reads the thread states again, for the threads that were listed last.
  void match_states();

  // Lists anew. Threads that have ended are handed out; new ones have no ledger yet.
  std::vector<std::unique_ptr<SampledThread>> refresh(TimePoint now);

  std::vector<std::unique_ptr<SampledThread>>& threads() { return threads_; }
  const std::vector<PythonInterpreter>& interpreters() const { return interpreters_; }
  SampledThread* with_state(Address state) const;
  // False once the interpreter's memory is no longer there: the process has ended or become another program.
  bool readable() const { return readable_; }
  size_t seen() const { return seen_; }

 private:
  std::vector<Address> list_heads() const;

  const Process& process_;
  const PythonLayout& layout_;
  double max_pause_share_;
  UniqueFd task_directory_;
  ThreadIds ids_;
  std::vector<std::unique_ptr<SampledThread>> threads_;
  std::vector<PythonInterpreter> interpreters_;
  std::vector<Address> heads_;
  std::unordered_map<Address, SampledThread*> by_state_;
  size_t listed_ = 0;
  size_t seen_ = 0;
  bool suspected_ = false;
  bool readable_ = true;
};

}  // namespace rtprof
