#pragma once

#include <memory>
#include <string>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/run_services.h"
#include "common/sampler/source.h"
#include "jvm/agent.h"
#include "jvm/layout.h"
#include "native/code_kind.h"

namespace rtprof::jvm {

// What is to be asked of the agent for the plan's events alloc and lock.
AgentRequest agent_request(const SamplingPlan& plan);

// Records what only an agent in the JVM can tell: of the plan's events alloc and lock, for which `agent` was
// asked. `shortcoming`: what it cannot see; empty for nothing. `process` and `services` outlive the source.
std::unique_ptr<Source> open_agent_source(const Process& process, const SamplingPlan& plan,
                                          RunServices& services, const Layout& layout,
                                          const native::CodeKind& kind, std::shared_ptr<Agent> agent,
                                          std::string shortcoming);

}  // namespace rtprof::jvm
