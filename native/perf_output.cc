#include "native/perf_output.h"

namespace rtprof::native {
namespace {

RawStack stack_of(const kernel::SampleRecord& record, const SamplingPlan& plan, ProcessCode& code) {
  if (plan.unwind == UnwindMethod::kFramePointer)
    return code.stack(record.kernel_callchain, record.user_callchain);
  if (record.user) return code.stack(record.kernel_callchain, *record.user);
  if (record.kernel_callchain.empty()) return code.marker("[unknown: no registers]");
  return code.stack(record.kernel_callchain, std::span<const Address>());
}

}  // namespace

kernel::PerfConfig perf_config(const SamplingPlan& plan) {
  bool by_frame_pointers = plan.unwind == UnwindMethod::kFramePointer;
  kernel::PerfConfig config;
  config.period = plan.period();
  config.kernel_callchain = plan.kernel_frames;
  config.user_callchain = by_frame_pointers;
  config.stack_bytes = by_frame_pointers ? 0 : kStackBytes;
  return config;
}

std::string limits_text(const kernel::PerfSetup& setup) {
  std::string text;
  for (const Denial& limit : setup.limits) text += (text.empty() ? "" : "; ") + limit.reason;
  return text;
}

void record_perf_sample(const kernel::SampleRecord& record, Nanoseconds weight, const SamplingPlan& plan,
                        ProcessCode& code, Recorder& recorder, RunQuality& quality) {
  RawSample sample;
  sample.event = Event::kCpu;
  sample.thread = {record.id.pid, record.id.tid};
  sample.stack = stack_of(record, plan, code);
  sample.start = record.id.time - weight;
  sample.duration = weight;
  sample.weight = weight;
  recorder.sample(sample);
  ++quality.samples;
  quality.total_weight += weight;
  if (code.unknown(sample.stack)) ++quality.unknown_frames;
}

}  // namespace rtprof::native
