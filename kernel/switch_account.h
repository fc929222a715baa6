#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/clock.h"
#include "kernel/bpf_sampler.h"
#include "kernel/record.h"

namespace rtprof::kernel {

// The account of threads' time by the kernel's records of context switches, for where there is no BPF: it
// tells of the ticks, waits and ends of threads what entry.bpf.c would, in the same records, which
// ElapsedTime takes. Two things the kernel does not record: when a thread was woken, so that a wait which it
// began itself is all `blocked`; and the place of a wait, which whoever has the stacks adds to
// rt_record::stack's record: it is 1 where the thread was seen leaving its CPU, and else 0.
//
// Of a thread's stretches of running and waiting none is guessed. One in which a switch was lost becomes a
// wait with RT_SAMPLE_NO_STACK.
//
// Times before TargetOptions::since count as that. Calls come in the order of their times per thread.
class SwitchAccount {
 public:
  // What became known, in this order.
  struct Told {
    std::optional<rt_wait_record> wait;
    std::optional<rt_sample_record> sample;
  };

  explicit SwitchAccount(const TargetOptions& options) : options_(options) {}

  // A thread that was there when the recording began. `slices`: how often it had been given a CPU by then; 0:
  // not known.
  void add_existing(pid_t tid, uint64_t slices);
  // Of a thread of which nothing was seen: whether it seems to have run all the time. By default it has
  // slept.
  void assume(pid_t tid, bool runs);
  bool seen(pid_t tid) const;

  void on_start(pid_t tid, TimePoint now);
  // It runs, and has its clock's tick.
  Told on_tick(pid_t tid, uint32_t cpu, TimePoint now);
  // It leaves its CPU; `preempted`: though it could have run on.
  Told on_leave(pid_t tid, uint32_t cpu, TimePoint now, bool preempted);
  Told on_return(pid_t tid, uint32_t cpu, TimePoint now);
  Told on_end(pid_t tid, TimePoint now);

  // Records that were written on that CPU are missing. What threads have done that ran there or ran nowhere
  // is in doubt, up to the next that is heard of them.
  void on_lost(uint32_t cpu);
  // The same of all that is heard until the gap ends: PerfSink::on_gap().
  void on_gap(uint32_t cpu, bool begins);
  std::vector<pid_t> doubtful() const;
  // The thread is off its CPU, and has been given one `slices` times: as often as is known here, there is no
  // doubt.
  void confirm(pid_t tid, uint64_t slices);

  // What is open of these threads, up to `now`: for ElapsedTime::flush(). Threads that are not known are left
  // out. Sites have nothing but their flags.
  std::vector<rt_open_thread> open(std::span<const pid_t> tids, TimePoint now) const;

 private:
  struct Thread {
    rt_thread_activity activity = RT_THREAD_BLOCKED;
    bool seen = false;      // the activity is known, not assumed
    bool left = false;      // was seen leaving a CPU
    bool doubtful = false;  // a switch may have been lost since `since`
    uint32_t cpu = 0;       // the last one it ran on
    uint32_t wait_flags = 0;
    uint64_t slices = 0;
    TimePoint since = 0;      // when the activity began
    Nanoseconds running = 0;  // since its last tick, before `since`
    Nanoseconds blocked = 0;  // of short waits that were not told of
    Nanoseconds runnable = 0;
  };

  // Nothing of the thread was heard before: it is what it is from `now` on.
  Thread& known(pid_t tid, TimePoint now);
  TimePoint clamp(TimePoint now) const { return now < options_.since ? options_.since : now; }
  // Adds the stretch up to `now`, at whose end it ran, to what it has run; or tells that it cannot have.
  std::optional<rt_wait_record> end_running(pid_t tid, Thread& thread, TimePoint now);
  rt_wait_record wait_until(pid_t tid, const Thread& thread, TimePoint now) const;
  std::optional<rt_wait_record> end_wait(pid_t tid, Thread& thread, TimePoint now);
  // Whether a record of the thread may be missing that would have been written on that CPU.
  static bool concerns(const Thread& thread, uint32_t cpu);
  bool in_gap(const Thread& thread) const;
  std::optional<rt_wait_record> hole(pid_t tid, const Thread& thread, TimePoint now, bool is_wait) const;
  bool is_for_wall(Thread& thread, rt_wait_record& wait) const;
  bool is_for_offcpu(const rt_wait_record& wait) const;

  TargetOptions options_;
  std::unordered_map<pid_t, Thread> threads_;
  std::unordered_set<uint32_t> gaps_;  // CPUs
};

}  // namespace rtprof::kernel
