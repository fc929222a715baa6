#pragma once

#include <memory>
#include <string>

#include "common/process/process.h"
#include "common/profile/quality.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "common/sampler/source.h"
#include "native/code_kind.h"
#include "native/running_stacks.h"
#include "native/workshop.h"

namespace rtprof::native {

// Looks at threads of machine code from outside (common/sampler/pull_source.h): how registers and stack bytes
// of a running thread are copied is `running`'s, as `mechanism` says; they are unwound when it runs on. A
// thread that sleeps is not touched, and unwound as far as the little leads that is known of its registers.
// `reason` says why no better mechanism is used. `process`, `recorder` and `workshop` outlive the source.
std::unique_ptr<Source> open_native_pull(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                                         Workshop& workshop, const CodeKind& kind,
                                         std::unique_ptr<RunningStacks> running, Mechanism mechanism,
                                         std::string reason);

}  // namespace rtprof::native
