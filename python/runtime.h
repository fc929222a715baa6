#pragma once

#include "common/sampler/runtime.h"

namespace rtprof {

// CPython, for the registry.
Runtime python_runtime();

}  // namespace rtprof
