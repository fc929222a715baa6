#include "native/perf_base.h"

#include "common/process/procfs.h"

namespace rtprof::native {

PerfBase::PerfBase(pid_t pid, const SamplingPlan& plan, Recorder& recorder, const CodeKind& kind)
    : plan_(plan),
      recorder_(recorder),
      stack_bytes_(kind.stack_bytes),
      program_(kind.sample_program),
      namer_(pid, recorder, kind.thread_names) {
  quality_.pid = pid;
  quality_.runtime = kind.runtime;
  quality_.runtime_version = kind.version;
  quality_.requested_rate = plan.rate;
}

kernel::PerfConfig PerfBase::config() {
  bool by_frame_pointers = plan_.unwind == UnwindMethod::kFramePointer;
  kernel::PerfConfig config;
  config.period = plan_.period();
  config.kernel_callchain = plan_.kernel_frames;
  config.user_callchain = by_frame_pointers;
  config.stack_bytes = by_frame_pointers ? 0 : stack_bytes_;
  if (!program_) return config;
  auto program = program_->for_perf();
  if (program) {
    config.program = program->program;
    config.program_output = program->output;
  } else {
    quality_.reason = program.failure().message;
  }
  return config;
}

std::optional<Failure> PerfBase::open(const kernel::PerfConfig& config) {
  auto sampler = kernel::PerfSampler::open(config);
  if (!sampler) return sampler.failure();
  sampler_ = std::move(*sampler);
  cpu_ = cpu_at_start_ = cpu_time();
  sampler_->start();
  return std::nullopt;
}

void PerfBase::drain(Recorder&) {
  cpu_ = cpu_time();
  begin_batch();
  sampler_->drain(*this);
  if (program_) program_->update();
  namer_.update(monotonic_now());
  ++quality_.ticks;
}

void PerfBase::flush(Recorder&) {
  std::vector<pid_t> tids;
  for (const auto& [pid, tid] : threads_) {
    if (pid == quality_.pid) tids.push_back(tid);
  }
  namer_.update_all(tids);
}

std::vector<RunQuality> PerfBase::quality() const {
  RunQuality quality = quality_;
  for (const Denial& limit : sampler_->setup().limits)
    quality.reason += (quality.reason.empty() ? "" : "; ") + limit.reason;
  quality.lost = sampler_->counts().lost;
  quality.asked = quality.samples + quality.lost;
  quality.threads = threads_.size();
  quality.target_cpu = cpu_ - cpu_at_start_;
  return {quality};
}

RawStack PerfBase::stack_of(const kernel::SampleRecord& sample, ProcessCode& code) const {
  std::span<const Address> kernel;
  if (plan_.kernel_frames) kernel = sample.kernel_callchain;
  if (plan_.unwind == UnwindMethod::kFramePointer) return code.stack(kernel, sample.user_callchain);
  if (sample.user) return code.stack(sample.id.tid, kernel, *sample.user);
  if (kernel.empty()) return code.marker("[unknown: no registers]");
  return code.stack(kernel, std::span<const Address>());
}

void PerfBase::record(const kernel::SampleRecord& sample, Nanoseconds weight, ProcessCode& code) {
  RawSample raw;
  raw.event = Event::kCpu;
  raw.stack = stack_of(sample, code);
  raw.thread = {sample.id.pid, code.owner(sample.id.tid, raw.stack)};
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
  tell_name(pid, tid, kernel_thread_name(pid, tid));
}

void PerfBase::on_name(const kernel::NameRecord& record) {
  tell_name(record.id.pid, record.id.tid, record.name);
}

void PerfBase::tell_name(pid_t pid, pid_t tid, std::string_view name) {
  if (pid == quality_.pid) {
    namer_.add(tid, name);
  } else if (!name.empty()) {
    recorder_.thread_name({pid, tid}, name);
  }
}

}  // namespace rtprof::native
