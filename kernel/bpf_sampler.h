#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/result.h"
#include "common/process/stack_snapshot.h"
#include "kernel/cpu_clocks.h"
#include "kernel/kernel_stacks.h"
#include "kernel/record.h"

struct bpf_map;
struct entry;
struct ring_buffer;

namespace rtprof::kernel {

// Takes the records of one target, on the thread that calls BpfSampler::drain(). They come in the order of
// their times per thread; a stack's record comes before the first record that names it.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  // What the thread's next sample or wait with RT_SAMPLE_MACHINE goes with. `snapshot` is valid during the
  // call.
  virtual void on_machine_stack(const rt_record& record, const StackSnapshot& snapshot) = 0;
  virtual void on_stack(const rt_stack_record& record, std::span<const rt_raw_frame> leaf_first) = 0;
  virtual void on_sample(const rt_sample_record& record) = 0;
  // Comes before the wait that it ended.
  virtual void on_waker(const rt_waker_record& record) = 0;
  virtual void on_wait(const rt_wait_record& record) = 0;
  virtual void on_thread_start(const rt_record& record) = 0;
  virtual void on_thread_end(const rt_sample_record& record) = 0;
  virtual void on_exec(const rt_record& record) = 0;
  // From now on samples come from clocks of CPUs: closes those of the target's threads.
  virtual void close_thread_clocks() = 0;
};

// What a runtime's walker needs to work with the entry programs: descriptors of the maps they share.
struct SharedMaps {
  int targets;
  int threads;
  int known_stacks;
  int contexts;
  int records;
  int lost_records;
  int clock_snapshots;
  int wait_snapshots;
  int waker_snapshots;
  uint32_t cpus;          // that there can be, where machine stacks are taken
  bool context_switches;  // whether the walker's switch program will be called, and
  bool wakers;            // its waking program
};

// What is recorded of a target.
struct TargetOptions {
  uint32_t flags = 0;        // enum rt_target_flags
  TimePoint since = 0;       // when its recording began
  Nanoseconds interval = 0;  // wall: shorter waits are summed up until they reach it
  Nanoseconds min_wait = 0;  // offcpu: shorter waits are left out, and
  Nanoseconds max_wait = 0;  // longer ones
};

// What the programs are to do for the targets of a run: they are loaded for that.
struct BpfNeeds {
  // Programs on the scheduler's tracepoints, for what counts elapsed time; they run at every switch of the
  // machine, about 0.1 µs for those that concern no target.
  bool context_switches = false;
  bool each_wait = false;       // offcpu is among what is wanted, which takes a larger ring
  bool wakers = false;          // targets may have RT_TARGET_WAKERS
  bool machine_stacks = false;  // targets may have RT_TARGET_MACHINE
};

// A runtime's walker: loaded BPF programs that end in rt_finish(). Owns them.
class Walker {
 public:
  virtual ~Walker() = default;
  virtual int clock_program() const = 0;
  virtual int switch_program() const = 0;  // used where context switches are followed
  virtual int waking_program() const = 0;  // used where wakers are told of
};

// The BPF programs of one rtprof: loaded once, whatever the number of targets and runtimes. Closing it
// detaches everything; the kernel does the same when rtprof is killed.
class BpfSampler {
 public:
  // Fails with the reason: permission, kernel too old, no BTF.
  static Result<std::unique_ptr<BpfSampler>> open(const BpfNeeds& needs);
  ~BpfSampler();
  BpfSampler(const BpfSampler&) = delete;
  BpfSampler& operator=(const BpfSampler&) = delete;

  SharedMaps maps() const;
  // Returns the walker of that name, calling `load(SharedMaps)` for the first target that needs it.
  template <typename Load>
  Result<Walker*> walker(const char* name, Load load) {
    if (auto known = walkers_.find(name); known != walkers_.end()) return known->second.get();
    Result<std::unique_ptr<Walker>> loaded = load(maps());
    if (!loaded) return loaded.failure();
    if (auto failure = install(**loaded)) return *failure;
    return walkers_.emplace(name, std::move(*loaded)).first->second.get();
  }

  // From now on the process's events reach `sink`, which must outlive remove_target(). Returns the id in its
  // records. `walker`: null for a process without a runtime's frames.
  uint32_t add_target(pid_t pid, const Walker* walker, const TargetOptions& options, RecordSink& sink);
  void remove_target(pid_t pid, uint32_t id);

  // The program for ClockEvent::open.
  int clock_program() const;
  // Samples threads of all targets, those of later ones too, by clocks of CPUs instead of their own.
  std::optional<Failure> use_cpu_clocks(Nanoseconds period);
  // Nothing while threads have their own.
  CpuClocks* cpu_clocks() { return cpu_clocks_ ? &*cpu_clocks_ : nullptr; }
  // Readable when records wait; drain() hands them out.
  int fd() const;
  void drain();

  // What is open of a thread; nothing when no event of it was seen.
  std::optional<rt_thread> thread(pid_t tid) const;
  // What the threads of a process do now, and where in the kernel those are that are off their CPUs. Needs
  // `context_switches`.
  std::vector<rt_open_thread> open_threads(pid_t pid);
  // The stacks in the kernel that records and open_threads() name.
  const std::shared_ptr<KernelStacks>& kernel_stacks() const { return kernel_stacks_; }
  // Machine stacks of the thread's waits are kept from now on, and with `wakers` those of what wakes it up:
  // before that, and where context switches are not followed, there are none. Each takes 64 KiB of the
  // kernel's memory until forget_snapshots() or the thread's end. Where there is none left, drain() tries
  // again; waits before that have no snapshot.
  void keep_wait_snapshots(pid_t tid, bool wakers);
  void forget_snapshots(pid_t tid);
  // That of the wait which the thread was seen in, into `stack`; nothing when there is none, or the wait has
  // ended.
  std::optional<StackSnapshot> wait_snapshot(pid_t tid, const rt_thread& seen,
                                             std::vector<uint8_t>& stack) const;
  void forget_thread(pid_t tid);
  // Records of a target that found no room.
  uint64_t lost(uint32_t target) const;
  // CPU time of all programs since open(); 0 where the kernel does not tell.
  Nanoseconds cpu_time() const;

 private:
  explicit BpfSampler(const BpfNeeds& needs);
  std::optional<Failure> load();
  std::optional<Failure> install(const Walker& walker);
  std::optional<Failure> attach();
  UniqueFd iterate(pid_t pid) const;
  static bool keep_snapshot(bpf_map* map, pid_t tid);
  static int on_record(void* self, void* data, size_t size);

  struct Deleter {
    void operator()(entry* skeleton) const;
    void operator()(ring_buffer* ring) const;
  };

  const BpfNeeds needs_;
  UniqueFd statistics_;  // keeps the kernel's measuring of BPF programs on
  std::unique_ptr<entry, Deleter> skeleton_;
  std::unique_ptr<ring_buffer, Deleter> ring_;
  std::unordered_map<std::string, std::unique_ptr<Walker>> walkers_;
  std::unordered_map<const Walker*, uint32_t> walker_slots_;
  std::unordered_map<uint32_t, RecordSink*> sinks_;
  std::shared_ptr<KernelStacks> kernel_stacks_;
  std::optional<CpuClocks> cpu_clocks_;
  std::unordered_map<pid_t, bool> refused_;  // threads to try keep_wait_snapshots() for again: `wakers`
  uint32_t next_target_ = 1;
};

// Nanoseconds that a loaded program has run, while some BpfSampler is open.
Nanoseconds program_run_time(int program_fd);

}  // namespace rtprof::kernel
