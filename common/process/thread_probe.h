#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/fd.h"

namespace rtprof {

// What the scheduler has counted for a thread so far (schedstat: kernel/sched/stats.h).
struct ThreadTimes {
  // CPU time. Brought up to date when the thread leaves a CPU and at each timer tick (1 to 10 ms) while it
  // runs.
  Nanoseconds cpu = 0;
  // Time it waited for a CPU while it could have run; counted when it gets one.
  Nanoseconds waited = 0;
  // How often it was given a CPU; counted when it gets one.
  uint64_t slices = 0;

  bool operator==(const ThreadTimes&) const = default;
};

// Where in user space a thread goes on that is in the kernel.
struct ThreadPlace {
  uint64_t sp = 0;
  uint64_t pc = 0;

  bool operator==(const ThreadPlace&) const = default;
};

// Looks at one thread again and again for little: a microsecond for its times, three for its state. The
// thread is neither stopped nor attached to. Bound to the thread, not to its id, which may be reused.
class ThreadProbe {
 public:
  ThreadProbe(pid_t pid, pid_t tid);

  // Nothing when the thread has ended. Without schedstat in the kernel, CPU time in clock ticks and nothing
  // else.
  std::optional<ThreadTimes> times() const;
  // R S D T t Z X I as in proc(5); X when it has ended.
  char state() const;
  // Whether it neither runs nor waits for a CPU. Its state alone does not tell: it is set before the thread
  // leaves its CPU, and one that is woken in between goes on without having left it. When it sleeps, and its
  // slices later are what they were before, then it has slept all the while.
  bool asleep() const;
  // Where it sleeps; nothing when it runs or waits for a CPU, or where the kernel does not tell.
  std::optional<ThreadPlace> place_asleep() const;
  // Its line of /proc/PID/task/TID/syscall, proc(5); empty where the kernel does not tell.
  std::string syscall() const;
  // The function of the kernel that it sleeps in; empty when it does not sleep, or where that is not to be
  // seen.
  std::string wait_channel() const;

 private:
  std::string directory_;
  UniqueFd schedstat_;
  UniqueFd stat_;
  UniqueFd syscall_;
  UniqueFd wait_channel_;
};

// "CPU-TIME WAITED SLICES", proc(5).
std::optional<ThreadTimes> parse_schedstat(std::string_view text);

// "NUMBER ARGUMENTS… SP PC" or "-1 SP PC", proc(5) on /proc/PID/syscall; nothing for "running".
std::optional<ThreadPlace> parse_place(std::string_view syscall);

}  // namespace rtprof
