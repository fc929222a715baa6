#pragma once

#include <memory>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/source.h"
#include "kernel/bpf_sampler.h"
#include "python/locate.h"

namespace rtprof {

// The kernel rung: stacks are walked by BPF while the thread is interrupted by its own clock, and for wall as
// it is switched out; nothing is polled and nothing is paused. Fails with the reason why the next rung is
// needed. `python` and `process` are copied from or outlive the source as usual: process by reference, python
// by value.
Result<std::unique_ptr<Source>> open_python_kernel(const Process& process, const PythonProcess& python,
                                                   const SamplingPlan& plan, Recorder& recorder,
                                                   kernel::BpfSampler& sampler);

}  // namespace rtprof
