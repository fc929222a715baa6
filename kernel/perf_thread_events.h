#pragma once

#include <linux/perf_event.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <unordered_set>
#include <vector>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/result.h"
#include "kernel/perf_rings.h"

namespace rtprof::kernel {

// The events of the threads that exist when a process is added, one of each kind for each of them and CPU.
// Threads that they create later inherit them, and lose them when these are closed.
//
// A thread that is created while events are opened may or may not inherit: its creator may have had an event
// on some CPUs only. Such threads are found by looking again, and get events of their own, so that they may
// have two: PerfStreams tells.
class PerfThreadEvents {
 public:
  struct Plan {
    std::vector<perf_event_attr> kinds;  // of events
    int program = -1;                    // attach_perf_program(); -1: none
  };

  // Opens events for all threads of the process. EMFILE: it takes too many of the descriptors that may be
  // open.
  std::optional<Failure> add(pid_t pid, const Plan& plan, const PerfRings& rings);
  // Opening takes its time where threads are many. All begin together: those that inherited from one of them,
  // too.
  void start();
  // A thread was created: later than all events were opened, it has inherited them.
  void on_thread_start(pid_t tid, TimePoint time);
  // Whether there may be threads that did not inherit: some time after the last add(), look again.
  bool should_look_again(TimePoint now) const;
  // The same arguments as add(), for each process; threads that cannot be had are left out.
  void look_again(pid_t pid, const Plan& plan, const PerfRings& rings);
  void end_looking() { looking_ = false; }

  const std::unordered_set<pid_t>& threads() const { return known_; }
  void clear();

 private:
  std::optional<Failure> open_thread(pid_t tid, const Plan& plan, const PerfRings& rings);
  std::optional<Failure> open_event(const perf_event_attr& attributes, pid_t tid, int cpu, const Plan& plan,
                                    const PerfRings& rings);

  std::vector<UniqueFd> events_;
  std::unordered_set<pid_t> known_;  // have events, of their own or inherited
  TimePoint opened_ = 0;             // when the last event was
  bool looking_ = false;
  bool started_ = false;
};

}  // namespace rtprof::kernel
