#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/process/priority.h"
#include "kernel/perf_access.h"
#include "kernel/perf_attributes.h"
#include "kernel/perf_filter.h"
#include "kernel/perf_program_output.h"
#include "kernel/perf_records.h"
#include "kernel/perf_rings.h"
#include "kernel/perf_streams.h"
#include "kernel/perf_thread_events.h"
#include "kernel/short_lives.h"

namespace rtprof::kernel {

// Takes what the kernel tells of the targets, on the thread that calls PerfSampler::drain(). What happened
// before another thing in a target comes before it: PerfRings.
class PerfSink {
 public:
  virtual ~PerfSink() = default;
  // `weight` is the CPU time that the sample stands for, nanoseconds. Spans are valid during the call.
  virtual void on_sample(const SampleRecord& sample, Nanoseconds weight) = 0;
  virtual void on_mapping(const MappingRecord&) {}
  virtual void on_name(const NameRecord&) {}
  // The process has become another program, whose samples follow.
  virtual void on_exec(pid_t, TimePoint) {}
  // Of the threads that ran when their process was added, in the first drain(), too.
  virtual void on_thread_start(pid_t, pid_t /*tid*/, TimePoint) {}
  virtual void on_thread_end(pid_t, pid_t /*tid*/, TimePoint) {}
  // A child of a target, where children are followed. Its first thread is told besides.
  virtual void on_process_start(pid_t, pid_t /*parent*/, TimePoint) {}
  virtual void on_switch(const SwitchRecord&) {}
  // Where a thread is that leaves its CPU: before on_switch() tells that it has.
  virtual void on_switch_stack(const SampleRecord&) {}
  // Records of any type and, where CPUs are sampled, of any process, which were written on the record's CPU.
  virtual void on_lost(const LostRecord&) {}
  // Between on_gap(cpu, true) and on_gap(cpu, false) such may be missing, of which on_lost() tells only
  // later.
  virtual void on_gap(uint32_t /*cpu*/, bool /*begins*/) {}
};

// How the kernel is asked for samples.
enum class PerfScope : uint8_t {
  // kThreads for processes, kCpus for the whole machine, and, if that is permitted, where there are many
  // threads, where kThreads takes too many descriptors, and from when on threads are seen to live too shortly
  // for it.
  kAuto,
  // An event for each thread and CPU, inherited by what the thread creates. Nobody else is disturbed. The
  // event of a new thread begins with a whole period, so that a thread that uses less CPU time on each CPU is
  // never seen.
  kThreads,
  // An event for each CPU: sees every thread with the right probability, however short it lives, and takes a
  // handful of descriptors. Others are interrupted, too, and their samples are thrown away: before they are
  // taken where BPF is permitted, else when they are read. Less right for threads that timers wake for less
  // than a period, since the clock is a timer, too.
  kCpus,
};

struct PerfConfig {
  std::vector<pid_t> pids;  // whole processes; none: the whole machine
  Nanoseconds period = 0;   // of CPU time, between samples
  PerfScope scope = PerfScope::kAuto;
  bool hardware_clock = true;    // prefer the processor's cycles to the kernel's timer
  bool kernel = true;            // where permitted, what runs in the kernel, too
  bool kernel_callchain = true;  // false: samples in the kernel have no kernel frames
  bool user_callchain = true;    // by frame pointers
  uint32_t stack_bytes = 0;      // of the user stack, to unwind; at most kMaxStackBytes
  bool clock = true;             // samples of CPU time; without it there must be switch_stacks
  bool context_switches = false;
  // And where threads leave their CPUs, with the kernel's callchain. Fails where the kernel may not be
  // sampled.
  bool switch_stacks = false;
  bool follow_children = false;
  // A BPF program of type perf_event, which must outlive the sampler: runs in the same interrupt before the
  // sample is taken, which is not when it returns 0. -1: none. Where it cannot be had, there is a limit.
  int program = -1;
  // A map of type perf_event_array: what the program outputs by it comes with the sample,
  // StackSnapshot::attached.
  int program_output = -1;
};

// What was got of what was asked for.
struct PerfSetup {
  PerfScope scope = PerfScope::kThreads;
  PerfClock clock = PerfClock::kCpuClock;
  bool kernel = false;  // false: CPU time in the kernel is in no sample
  size_t ring_bytes = 0;
  // A callchain of so many addresses, kernel and user together, may have been cut.
  size_t max_callchain = 0;
  // What is less than was asked for, each with its way out: "kernel.perf_event_paranoid is 2, …".
  std::vector<Denial> limits;
};

struct PerfCounts {
  uint64_t samples = 0;     // handed to sinks
  uint64_t lost = 0;        // records that found no room
  uint64_t throttled = 0;   // times that the kernel stopped an event because it interrupted too often
  uint64_t unreadable = 0;  // records that were none
  uint64_t of_others = 0;   // samples of processes that are no target
};

// Samples by perf_event_open alone: without BPF, and for one's own processes without any privilege. Lives on
// the thread that opened it.
class PerfSampler {
 public:
  // The best that is permitted: setup() tells what. Fails with the reason and the way out. Nothing is sampled
  // before start().
  static Result<std::unique_ptr<PerfSampler>> open(const PerfConfig& config);
  void start();

  const PerfSetup& setup() const { return setup_; }
  // From when on samples are taken.
  TimePoint since() const { return since_; }
  // Readable when a quarter of a ring is full. Rings hold half a second, large ones a quarter, if that much
  // memory may be locked: drain() every 100 ms besides.
  int fd() const { return rings_.fd(); }
  void drain(PerfSink& sink);
  const PerfCounts& counts() const { return counts_; }

 private:
  explicit PerfSampler(const PerfConfig& config, PerfRings rings);
  std::optional<Failure> negotiate();
  void prepare_program();
  std::optional<Failure> begin();
  std::optional<Failure> begin_threads();
  std::optional<Failure> begin_cpus();
  void change_to_cpus();
  std::optional<Failure> open_on_cpu(const perf_event_attr& kind, int cpu, int program);
  PerfThreadEvents::Plan thread_plan() const;
  // The program that says which samples of a CPU are taken; -1: all are.
  int cpu_program();
  bool cpus_permitted() const;
  bool are_many_or_brief() const;
  bool is_target(pid_t pid) const;
  bool is_switch_stack(const SampleRecord& sample) const;
  bool is_duplicate_switch(const RecordId& id);
  // The events of each thread or CPU. All write the same form of samples.
  std::vector<PerfEventConfig> kinds() const;
  std::vector<perf_event_attr> attributes() const;
  // Falls back to the kernel's timer; false when it is what ticks already.
  bool give_up_cycles();
  void limit(PerfWish wish, int error);
  void deliver(const SampleRecord& sample, PerfSink& sink);
  void deliver(const TaskRecord& task, PerfSink& sink);
  void deliver(const NameRecord& name, PerfSink& sink);
  void deliver(const PerfRecord& record, PerfSink& sink);

  // Among hundreds of busy threads we would wait longer for a CPU than a ring lasts.
  HighPriority priority_{true};
  PerfConfig config_;
  PerfFacts facts_;
  PerfSetup setup_;
  PerfEventConfig event_;
  RecordFormat format_;
  PerfRings rings_;
  PerfThreadEvents threads_;
  std::optional<PerfFilter> filter_;
  std::optional<PerfProgramOutput> program_output_;
  std::vector<UniqueFd> cpu_events_;
  PerfStreams streams_;
  ShortLives short_lives_;
  bool may_change_ = false;   // to events of CPUs, where threads live too shortly,
  bool short_lived_ = false;  // as they do
  PerfStreams switch_streams_;
  PerfCounts counts_;
  TimePoint since_ = 0;
  std::unordered_set<pid_t> targets_;
  std::vector<std::pair<pid_t, pid_t>> untold_threads_;  // pid, tid
};

}  // namespace rtprof::kernel
