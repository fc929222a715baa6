#pragma once

#include "common/sampler/runtime.h"

namespace rtprof {

// HotSpot, for the registry.
Runtime jvm_runtime();

}  // namespace rtprof
