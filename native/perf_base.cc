#include "native/perf_base.h"

#include "common/process/procfs.h"

namespace rtprof::native {
namespace {

// As much of a stack as perf copies.
constexpr uint32_t kStackBytes = 8192;

RawStack stack_of(const kernel::SampleRecord& record, const SamplingPlan& plan, ProcessCode& code) {
  if (plan.unwind == UnwindMethod::kFramePointer)
    return code.stack(record.kernel_callchain, record.user_callchain);
  if (record.user) return code.stack(record.kernel_callchain, *record.user);
  if (record.kernel_callchain.empty()) return code.marker("[unknown: no registers]");
  return code.stack(record.kernel_callchain, std::span<const Address>());
}

kernel::PerfConfig config_of(const SamplingPlan& plan) {
  bool by_frame_pointers = plan.unwind == UnwindMethod::kFramePointer;
  kernel::PerfConfig config;
  config.period = plan.period();
  config.kernel_callchain = plan.kernel_frames;
  config.user_callchain = by_frame_pointers;
  config.stack_bytes = by_frame_pointers ? 0 : kStackBytes;
  return config;
}

}  // namespace

PerfBase::PerfBase(pid_t pid, const SamplingPlan& plan, Recorder& recorder)
    : plan_(plan), recorder_(recorder) {
  quality_.pid = pid;
  quality_.runtime = "native";
  quality_.requested_rate = plan.rate;
}

std::optional<Failure> PerfBase::open(std::vector<pid_t> pids) {
  kernel::PerfConfig config = config_of(plan_);
  config.pids = std::move(pids);
  auto sampler = kernel::PerfSampler::open(config);
  if (!sampler) return sampler.failure();
  sampler_ = std::move(*sampler);
  cpu_at_start_ = cpu_time();
  sampler_->start();
  return std::nullopt;
}

void PerfBase::drain(Recorder&) {
  sampler_->drain(*this);
  ++quality_.ticks;
}

std::vector<RunQuality> PerfBase::quality() const {
  RunQuality quality = quality_;
  for (const Denial& limit : sampler_->setup().limits)
    quality.reason += (quality.reason.empty() ? "" : "; ") + limit.reason;
  quality.lost = sampler_->counts().lost;
  quality.asked = quality.samples + quality.lost;
  quality.threads = threads_.size();
  quality.target_cpu = cpu_time() - cpu_at_start_;
  return {quality};
}

void PerfBase::record(const kernel::SampleRecord& sample, Nanoseconds weight, ProcessCode& code) {
  RawSample raw;
  raw.event = Event::kCpu;
  raw.thread = {sample.id.pid, sample.id.tid};
  raw.stack = stack_of(sample, plan_, code);
  raw.start = sample.id.time - weight;
  raw.duration = weight;
  raw.weight = weight;
  recorder_.sample(raw);
  ++quality_.samples;
  quality_.total_weight += weight;
  if (code.unknown(raw.stack)) ++quality_.unknown_frames;
}

void PerfBase::add_thread(pid_t pid, pid_t tid) {
  if (!threads_.emplace(pid, tid).second) return;
  std::string name = kernel_thread_name(pid, tid);
  if (!name.empty()) recorder_.thread_name({pid, tid}, name);
}

void PerfBase::on_name(const kernel::NameRecord& record) {
  recorder_.thread_name({record.id.pid, record.id.tid}, record.name);
}

}  // namespace rtprof::native
