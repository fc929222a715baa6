#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/result.h"
#include "common/process/process.h"
#include "common/profile/quality.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "common/sampler/source.h"
#include "kernel/bpf_sampler.h"
#include "kernel/elapsed_time.h"
#include "kernel/piece_recorder.h"
#include "kernel/short_lives.h"
#include "kernel/thread_clocks.h"
#include "kernel/waker_stacks.h"

namespace rtprof::kernel {

// What all sources over the BPF programs do alike for one process: clocks of its threads, those that start
// later included, the account of elapsed time, pieces of time to the recorder, and the quality. What differs
// is how a record's stack is known.
class BpfSource : public Source, protected RecordSink {
 public:
  ~BpfSource() override;
  BpfSource(const BpfSource&) = delete;
  BpfSource& operator=(const BpfSource&) = delete;

  Schedule schedule() const override { return {0, sampler_.fd()}; }
  TimePoint since() const override { return started_; }
  void tick(TimePoint, Recorder&) override {}
  void missed_ticks(uint64_t) override {}
  void drain(Recorder&) override;
  void flush(Recorder&) override;
  bool ended() const override { return execed_ || !process_.alive(); }
  std::vector<RunQuality> quality() const override;

 protected:
  // All outlive this. `has_lock`: the runtime tells RT_SAMPLE_HOLDS_LOCK.
  BpfSource(const Process& process, const SamplingPlan& plan, Recorder& recorder, BpfSampler& sampler,
            std::string_view runtime, std::string_view version, bool has_lock);

  // Opens the clocks of all threads, then the gate for what they and the scheduler tell; from there on
  // threads announce themselves, and those that were created while clocks were opened are found by looking
  // again. `flags`: of rt_target_flags, those that a runtime adds.
  std::optional<Failure> start(const Walker* walker, uint32_t flags);

  // Samples are less than they could be, and why.
  void limit(std::string_view reason) { quality_.reason = reason; }

  // The stack of a record, as it comes: a sample's, a wait's, or that of a thread's last stretch.
  virtual RawStack stack_of(const rt_record& record) = 0;
  // Where in user space the thread was that ended a wait, as its record comes; nothing: that is not known.
  virtual std::optional<RawStack> waker_stack(const rt_waker_record& record) = 0;
  // Where a thread is that was looked at; it may have gone on since.
  virtual RawStack open_stack(const rt_open_thread& thread) = 0;
  // Whose time it is that a thread spends with a stack.
  virtual pid_t owner(pid_t tid, RawStack) const { return tid; }
  // Counts among the unknown frames.
  virtual bool unknown(RawStack stack) const = 0;
  // Once the kernel follows the threads: one of which it has seen nothing yet has slept since before that.
  // Its records have no stack (rt_record::stack is 0) until it wakes up.
  virtual void read_sleepers() = 0;
  // What can be done before there are records, which wait in a ring of limited size until they are read.
  virtual void prepare() {}
  // A thread has come; may be told again. Has woken up.
  virtual void thread_came(pid_t tid) = 0;
  virtual void thread_woke(pid_t) {}
  // Its id may be another thread's from now on.
  virtual void thread_ended(pid_t tid) = 0;
  // Names of threads may have changed; `all`: now is the last time to look.
  virtual void name_threads(bool all) = 0;
  // Before each batch of records.
  virtual void begin_batch() {}

  void on_sample(const rt_sample_record& record) override;
  void on_waker(const rt_waker_record& record) override;
  void on_wait(const rt_wait_record& record) override;
  void on_thread_start(const rt_record& record) override;
  void on_thread_end(const rt_sample_record& record) override;
  void on_exec(const rt_record&) override { execed_ = true; }
  void close_thread_clocks() override { clocks_.clear(); }

  const Process& process_;
  const SamplingPlan plan_;
  Recorder& recorder_;
  BpfSampler& sampler_;

 private:
  std::optional<Failure> add_threads();
  std::optional<Failure> add_thread(pid_t tid);
  std::optional<Failure> add_clock(pid_t tid);
  void emit(const TimePiece& piece);

  const bool clocked_;  // threads have clocks: not needed for waits alone
  const bool has_lock_;
  PieceRecorder pieces_;
  std::shared_ptr<WakerStacks> wakers_;
  const uint32_t waker_namer_;
  struct Woken {
    RawStack by;
    uint64_t time = 0;  // when the wait's record was sent
  };
  std::unordered_map<pid_t, Woken> woken_;  // of waits whose records come next
  uint32_t target_ = 0;
  TimePoint started_ = 0;
  bool execed_ = false;
  Nanoseconds lock_held_ = 0;
  ElapsedTime elapsed_;
  ThreadClocks clocks_;  // none while CPUs have clocks
  ShortLives short_lives_;
  std::unordered_set<pid_t> threads_;  // that have not ended
  uint64_t thread_count_ = 0;          // that have been seen
  RunQuality quality_;
  Nanoseconds target_cpu_at_start_ = 0;
  Nanoseconds target_cpu_ = 0;  // up to which samples were taken
};

}  // namespace rtprof::kernel
