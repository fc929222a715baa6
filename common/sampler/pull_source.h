#pragma once

#include <memory>
#include <string>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/pull_target.h"
#include "common/sampler/source.h"

namespace rtprof {

// The pause, the read and the agent rung: at each tick of our own clock the threads are looked at from
// outside.
// - Mechanism::kPause: a thread that is on a CPU is held still for the one read that copies its stack.
// - Mechanism::kRead: nothing is held, so that the stack of a running thread may be torn. Torn samples are
//   counted and kept: leaving them out would favour the code that is slow to move.
// - Mechanism::kAgent: a thread that is on a CPU is interrupted, and copies its stack itself.
// Threads that sleep are read untouched, and only when they have run since they were last read.
// How a stack is read is the target's. `reason` says why no better mechanism is used. `process` and
// `recorder` outlive the source.
std::unique_ptr<Source> open_pull(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                                  std::unique_ptr<PullTarget> target, Mechanism mechanism,
                                  std::string reason);

}  // namespace rtprof
