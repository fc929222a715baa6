#pragma once

#include <memory>
#include <string>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "common/sampler/source.h"
#include "native/code_kind.h"
#include "native/workshop.h"

namespace rtprof::native {

// The pause rung (common/sampler/pull_source.h) of machine code: registers and stack bytes of a running
// thread are copied while it is held, and unwound when it runs on. A thread that sleeps is not touched, and
// unwound as far as the little leads that is known of its registers. `reason` says why no better mechanism is
// used. `process`, `recorder` and `workshop` outlive the source. Whoever opens it has asked pause_refusal().
std::unique_ptr<Source> open_native_pull(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                                         Workshop& workshop, const CodeKind& kind, std::string reason);

}  // namespace rtprof::native
