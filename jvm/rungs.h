#pragma once

#include <memory>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/run_services.h"
#include "common/sampler/source.h"
#include "jvm/agent.h"
#include "jvm/continuations.h"
#include "jvm/layout.h"
#include "native/code_kind.h"

namespace rtprof::jvm {

// A JVM that is to be recorded. All but the layout outlives the source that is made of it.
struct Subject {
  const Process& process;
  const SamplingPlan& plan;
  RunServices& services;
  const Layout& layout;
  const native::CodeKind& kind;
  std::shared_ptr<Continuations> continuations;
  std::shared_ptr<Agent> agent;  // one that is loaded already; else null
};

// Opens what records the plan's events: cpu, wall and offcpu from outside by the kernel or by pauses, and by
// the agent where neither is permitted; alloc and lock by the agent. One agent serves all. Throws Error where
// an event cannot be had, with what is in the way of each rung.
std::unique_ptr<Source> open_by_rungs(const Subject& subject);

}  // namespace rtprof::jvm
