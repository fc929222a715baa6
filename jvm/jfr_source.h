#pragma once

#include <memory>
#include <string>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/run_services.h"
#include "common/sampler/source.h"
#include "common/sampler/thread_namer.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// Samples CPU time and waits of a JVM by the JVM's own recorder (JFR), for where the kernel, pauses and
// agents are refused. `layout` and `names` are null where the memory of the JVM is closed. `reason`: why no
// better mechanism. Throws Error where that cannot be. `process` and `services` outlive the source.
std::unique_ptr<Source> open_jfr_source(const Process& process, const SamplingPlan& plan,
                                        RunServices& services, const Layout* layout,
                                        std::shared_ptr<RuntimeThreadNames> names, std::string reason);

}  // namespace rtprof::jvm
