#pragma once

#include <memory>

#include "common/base/result.h"
#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "common/sampler/source.h"
#include "native/code_kind.h"
#include "native/workshop.h"

namespace rtprof::native {

// CPU time of a process by the kernel's perf events: no BPF, nothing is stopped. Kernel frames where they are
// permitted, else user space alone, which quality() then says.
Result<std::unique_ptr<Source>> open_perf_source(const Process& process, const SamplingPlan& plan,
                                                 Recorder& recorder, Workshop& workshop,
                                                 const CodeKind& kind = {});

}  // namespace rtprof::native
