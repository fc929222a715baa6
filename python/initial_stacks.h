#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>

#include "common/process/process.h"
#include "python/layout.h"
#include "python/stacks.h"

namespace rtprof {

// The stacks of the threads that sleep now, by thread id: where the waits that are open when a recording
// begins are. Threads that sleep outside of Python have the stack `native`. Reads memory only. Threads that
// run, or that woke up while they were read, are left out: their next event tells.
std::unordered_map<pid_t, uint32_t> read_sleeping_threads(const Process& process, const PythonLayout& layout,
                                                          PythonStacks& stacks, uint32_t native);

}  // namespace rtprof
