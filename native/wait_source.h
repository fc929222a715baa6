#pragma once

#include <memory>

#include "common/base/result.h"
#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "common/sampler/source.h"
#include "kernel/bpf_sampler.h"
#include "native/code_kind.h"
#include "native/workshop.h"

namespace rtprof::native {

// Elapsed time of one process of machine code, by BPF: stacks are copied while the thread is interrupted by
// its own clock and as it is switched out, so that waits have the stack and the reason of the same moment;
// nothing is polled and nothing is paused. `sampler` takes machine stacks; it, `process`, `recorder` and
// `workshop` outlive the source.
Result<std::unique_ptr<Source>> open_wait_source(const Process& process, const SamplingPlan& plan,
                                                 Recorder& recorder, kernel::BpfSampler& sampler,
                                                 Workshop& workshop, const CodeKind& kind = {});

}  // namespace rtprof::native
