#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/profile/quality.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "common/sampler/source.h"
#include "common/sampler/thread_namer.h"
#include "kernel/perf_sampler.h"
#include "native/code_kind.h"
#include "native/process_code.h"

namespace rtprof::native {

// What all sources over perf events do alike: the configuration that a plan asks for, the way from a perf
// sample to the recorder, names of threads, and the account. What differs is whose samples they are.
class PerfBase : public Source, protected kernel::PerfSink {
 public:
  Schedule schedule() const override { return {0, sampler_->fd()}; }
  TimePoint since() const override { return sampler_->since(); }
  void tick(TimePoint, Recorder&) override {}
  void missed_ticks(uint64_t) override {}
  void drain(Recorder&) override;
  void flush(Recorder&) override;
  std::vector<RunQuality> quality() const override;

 protected:
  PerfBase(pid_t pid, const SamplingPlan& plan, Recorder& recorder, const CodeKind& kind);

  // What the plan asks for; of all processes. Once.
  kernel::PerfConfig config();
  std::optional<Failure> open(const kernel::PerfConfig& config);
  const kernel::PerfSampler& sampler() const { return *sampler_; }
  // cpu_time() as of the batch, or as of open().
  Nanoseconds sampled_until() const { return cpu_; }
  RawStack stack_of(const kernel::SampleRecord& sample, ProcessCode& code) const;
  void record(const kernel::SampleRecord& sample, Nanoseconds weight, ProcessCode& code);
  // Tells the recorder the thread's name, once.
  void add_thread(pid_t pid, pid_t tid);
  // CPU time so far of what is sampled.
  virtual Nanoseconds cpu_time() const = 0;

  // Before each batch of samples.
  virtual void begin_batch() {}

  void on_name(const kernel::NameRecord& record) override;

  const SamplingPlan plan_;
  Recorder& recorder_;

 private:
  void tell_name(pid_t pid, pid_t tid, std::string_view name);

  const uint32_t stack_bytes_;
  const std::shared_ptr<SampleProgram> program_;  // null: none
  ThreadNamer namer_;                             // of the one process, where it is one
  std::unique_ptr<kernel::PerfSampler> sampler_;
  std::set<std::pair<pid_t, pid_t>> threads_;  // pid, tid
  Nanoseconds cpu_at_start_ = 0;
  Nanoseconds cpu_ = 0;  // up to which samples were taken
  RunQuality quality_;
};

}  // namespace rtprof::native
