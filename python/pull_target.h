#pragma once

#include <memory>
#include <string>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/source.h"
#include "native/workshop.h"
#include "python/locate.h"

namespace rtprof {

// The pause and the read rung (common/sampler/pull_source.h). With SamplingPlan::native, which needs
// Mechanism::kPause, the machine's stack is taken in the same pause. That of a thread that sleeps is unwound
// as far as the little leads that is known of its registers. `reason` says why no better mechanism is used.
// `process` outlives the source. Throws Error when the target may not be paused.
std::unique_ptr<Source> open_python_pull(const Process& process, const PythonProcess& python,
                                         const SamplingPlan& plan, Recorder& recorder,
                                         native::Workshop& workshop, Mechanism mechanism, std::string reason);

}  // namespace rtprof
