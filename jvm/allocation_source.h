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

// Samples what a JVM allocates, by an agent in it. Throws Error where that cannot be. `process` and
// `services` outlive the source.
std::unique_ptr<Source> open_allocation_source(const Process& process, const SamplingPlan& plan,
                                               RunServices& services, const Layout& layout,
                                               const native::CodeKind& kind,
                                               std::shared_ptr<Continuations> continuations);

}  // namespace rtprof::jvm
