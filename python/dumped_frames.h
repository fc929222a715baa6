#pragma once

#include <vector>

#include "common/profile/thread_dump.h"
#include "python/stacks.h"

namespace rtprof {

// The frames of a stack that `stacks` has interned, leaf first.
std::vector<DumpedFrame> dumped_frames(PythonStacks& stacks, uint32_t stack);

}  // namespace rtprof
