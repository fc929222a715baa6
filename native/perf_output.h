#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/profile/quality.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "kernel/perf_sampler.h"
#include "native/process_code.h"

namespace rtprof::native {

// As much of a stack as perf copies.
constexpr uint32_t kStackBytes = 8192;

// What all sources over perf events do alike: the configuration that a plan asks for, and the way from a perf
// sample to the recorder.
kernel::PerfConfig perf_config(const SamplingPlan& plan);
// What was not permitted, as one phrase; empty when all was.
std::string limits_text(const kernel::PerfSetup& setup);

// Hands a sample of the process to the recorder, and counts it.
void record_perf_sample(const kernel::SampleRecord& record, Nanoseconds weight, const SamplingPlan& plan,
                        ProcessCode& code, Recorder& recorder, RunQuality& quality);

}  // namespace rtprof::native
