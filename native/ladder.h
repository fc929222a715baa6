#pragma once

#include <memory>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/run_services.h"
#include "common/sampler/source.h"
#include "native/code_kind.h"

namespace rtprof::native {

// Samples machine code by the best that is permitted, unless the plan insists: the kernel's perf events, for
// waits BPF or the kernel's records of context switches, else pauses. Throws Error with the way out when
// nothing is. `process` and `services` outlive the source.
std::unique_ptr<Source> open_by_ladder(const Process& process, const SamplingPlan& plan,
                                       RunServices& services, const CodeKind& kind);

}  // namespace rtprof::native
