#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "common/sampler/source.h"
#include "native/code_kind.h"
#include "native/workshop.h"

namespace rtprof::native {

// Elapsed time of one process of machine code without BPF, by the kernel's records of context switches and a
// sample at each moment a thread leaves its CPU. Needs perf events of the kernel. Who ended a wait and when a
// thread was woken up is not told. `no_bpf`: why not by BPF, for quality().
Result<std::unique_ptr<Source>> open_switch_source(const Process& process, const SamplingPlan& plan,
                                                   Recorder& recorder, Workshop& workshop,
                                                   const std::string& no_bpf, const CodeKind& kind = {});

}  // namespace rtprof::native
