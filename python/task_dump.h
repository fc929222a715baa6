#pragma once

#include <sys/types.h>

#include <unordered_map>
#include <vector>

#include "common/process/process.h"
#include "common/profile/thread_dump.h"
#include "python/locate.h"
#include "python/stacks.h"
#include "python/threads.h"

namespace rtprof {

// The stack of a thread as it was dumped.
struct DumpedStack {
  std::vector<Address> addresses;   // of its frames, leaf first
  std::vector<DumpedFrame> frames;  // the same, and what stands for the rest of a stack
};

// The asyncio tasks of a process. A task that is running has the frames of the stack of its thread, down to
// its coroutine; the others have those of the coroutines that await one another.
std::vector<DumpedTask> dump_tasks(const Process& process, const PythonProcess& python, PythonStacks& stacks,
                                   const PythonThreads& states,
                                   const std::unordered_map<pid_t, DumpedStack>& threads);

}  // namespace rtprof
