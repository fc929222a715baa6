#pragma once

#include <memory>

#include "common/base/result.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "common/sampler/source.h"
#include "native/workshop.h"

namespace rtprof::native {

// CPU time of the whole machine by the kernel's perf events: every process as machine code, kernel threads
// too.
Result<std::unique_ptr<Source>> open_machine_source(const SamplingPlan& plan, Recorder& recorder,
                                                    Workshop& workshop);

}  // namespace rtprof::native
