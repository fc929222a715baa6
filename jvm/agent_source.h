#pragma once

#include <memory>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/run_services.h"
#include "common/sampler/source.h"
#include "jvm/continuations.h"
#include "jvm/layout.h"
#include "native/code_kind.h"

namespace rtprof::jvm {

// Records what only an agent in the JVM can tell: of the plan's events alloc and lock. Throws Error where
// that cannot be. `process` and `services` outlive the source.
std::unique_ptr<Source> open_agent_source(const Process& process, const SamplingPlan& plan,
                                          RunServices& services, const Layout& layout,
                                          const native::CodeKind& kind,
                                          std::shared_ptr<Continuations> continuations);

}  // namespace rtprof::jvm
