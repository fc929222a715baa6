#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "kernel/bpf_sampler.h"
#include "kernel/process_files.h"
#include "kernel/record.h"

namespace rtprof::kernel {

// A stretch of a thread's time that goes into the profile of one event.
struct TimePiece {
  Event event;
  Reason reason;  // kNone in a cpu profile
  pid_t tid;
  uint32_t flags;                        // enum rt_sample_flags
  RawStack stack;                        // as the source gave it
  std::optional<uint32_t> kernel_stack;  // leafward of it: id within BpfSampler::kernel_stacks()
  std::optional<RawStack> waker;         // of offcpu: who ended it
  TimePoint start = 0;
  Nanoseconds time = 0;
  uint64_t count = 0;  // 0: it adds time to a piece that was counted
};

// Turns what BPF (or SwitchAccount) tells of a process's threads into pieces of the events that count elapsed
// time: wall, cpu with --idle, and offcpu. Of wall the pieces of a thread add up to its elapsed time; those
// of offcpu are its waits. The same for all runtimes: a source hands its records here, and gets pieces back
// for which it knows stacks.
class ElapsedTime {
 public:
  using Emit = std::function<void(const TimePiece&)>;
  // All outlive this, but for `plan`. `cpu_too`: what threads run goes into cpu without --idle, too, if that
  // is asked for; else the source has a better account of it.
  ElapsedTime(const Process& process, const SamplingPlan& plan, const KernelStacks& kernel_stacks, Emit emit,
              bool cpu_too = false);

  // Whether `plan` asks for any of it, so that context switches have to be followed.
  static bool wanted(const SamplingPlan& plan);
  // Whether what threads run is asked for.
  bool sums() const { return wall_ || idle_ || cpu_; }
  // For BpfSampler::add_target; flags for what else is wanted may be added.
  TargetOptions target_options(TimePoint since) const;
  // After add_target: finds out what the threads wait for that sleep already.
  void start(TimePoint since);

  // `stack`: of the record, which the pieces will have.
  void on_sample(const rt_sample_record& record, RawStack stack);
  void on_wait(const rt_wait_record& record, RawStack stack, std::optional<RawStack> waker = std::nullopt);
  void on_thread_end(const rt_sample_record& record, RawStack stack);
  // Emits what is open of each thread up to when it was looked at; what comes later counts for the rest.
  // `drain` hands over the records that wait: those from before the look count first. `stack_of`: where a
  // thread is.
  void flush(std::span<const rt_open_thread> threads, const std::function<void()>& drain,
             const std::function<RawStack(const rt_open_thread&)>& stack_of);

 private:
  // What a piece takes from its record.
  struct Origin {
    pid_t tid;
    uint32_t flags;
    RawStack stack;
    std::optional<RawStack> waker = std::nullopt;
    std::optional<uint32_t> kernel_stack = std::nullopt;
  };
  // What was emitted of a thread before its record came.
  struct Ahead {
    Nanoseconds running = 0;
    Nanoseconds blocked = 0;
    Nanoseconds runnable = 0;
  };
  struct Thread {
    Ahead sums;                            // of wall
    TimePoint wait = 0;                    // the start of the wait of offcpu,
    Ahead told;                            // and what was emitted of it
    std::optional<Reason> waits_at_start;  // since before the recording, for this
    Reason last = Reason::kOther;          // of its last wait
  };
  struct Wait {
    TimePoint start = 0;
    TimePoint end = 0;
    Nanoseconds blocked = 0;
    Nanoseconds runnable = 0;
    Reason reason = Reason::kOther;              // of the blocked part
    Reason runnable_reason = Reason::kRunnable;  // of the other
    std::optional<uint32_t> kernel_stack;
  };

  bool is_later(const rt_record& record) const;
  void flush_thread(const rt_open_thread& thread, RawStack stack);
  // `fresh`: the thread sleeps since before the recording, or has only begun.
  Reason reason_of(const rt_wait_site& site, const Origin& origin, bool fresh,
                   std::optional<uint32_t> kernel_stack);
  void describe(const rt_wait_site& site, const Origin& origin, bool fresh, Wait& wait);
  void emit_sum(Reason reason, const Origin& origin, TimePoint start, Nanoseconds time, uint64_t count);
  void emit_wait(const Origin& origin, const Wait& wait);
  void flush_sums(const rt_open_thread& thread, const Origin& origin, const Wait& wait);

  const Process& process_;
  SamplingPlan plan_;
  bool wall_;
  bool idle_;
  bool cpu_;
  bool offcpu_;
  const KernelStacks& kernel_stacks_;
  Emit emit_;
  ProcessFiles files_;
  TimePoint since_ = 0;
  std::unordered_map<pid_t, Thread> threads_;
  std::unordered_map<uint64_t, Reason> reasons_;  // by namer and stack: what was waited for there last
  // While a flush drains: when threads were looked at, and what came after that.
  std::unordered_map<pid_t, TimePoint> looked_;
  std::vector<std::function<void()>> later_;
};

}  // namespace rtprof::kernel
