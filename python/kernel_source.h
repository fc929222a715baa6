#pragma once

#include <memory>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/source.h"
#include "kernel/bpf_sampler.h"
#include "native/workshop.h"
#include "python/locate.h"

namespace rtprof {

// The kernel rung: stacks are walked by BPF while the thread is interrupted by its own clock, and for wall as
// it is switched out; nothing is polled and nothing is paused. Fails with the reason why the next rung is
// needed. With SamplingPlan::native, `sampler` takes machine stacks. `python` and `process` are copied from
// or outlive the source as usual: process by reference, python by value.
Result<std::unique_ptr<Source>> open_python_kernel(const Process& process, const PythonProcess& python,
                                                   const SamplingPlan& plan, Recorder& recorder,
                                                   kernel::BpfSampler& sampler, native::Workshop& workshop);

}  // namespace rtprof
