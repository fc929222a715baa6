#pragma once

#include "common/sampler/runtime.h"

namespace rtprof {

// Machine code of no runtime that rtprof knows: C, C++, Rust. Every process that is open to us is one, so
// this is what a process is when nothing else matched.
Runtime native_runtime();

// The whole machine as native code. Throws Error when that is not permitted.
std::unique_ptr<Source> open_machine(const SamplingPlan& plan, RunServices& services);

}  // namespace rtprof
