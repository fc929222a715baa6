#pragma once

#include <sys/types.h>

#include <functional>
#include <map>

#include "common/process/process.h"
#include "common/process/stack_snapshot.h"
#include "common/process/thread_probe.h"
#include "kernel/thread_registers.h"
#include "native/runtime_code.h"
#include "native/stack_reader.h"

namespace rtprof::native {

// Calls `use` with the stack of each thread of `before` that was off its CPU then and has been ever since:
// its times are still the same after its stack was read. Touches none of them.
// `runtime`: whose code may have something beside the stacks; null where there is none.
void read_standing_threads(const Process& process, kernel::ThreadRegisters& saved, StackReader& reader,
                           RuntimeCode* runtime, const std::map<pid_t, ThreadTimes>& before,
                           const std::function<void(pid_t, const StackSnapshot&)>& use);

}  // namespace rtprof::native
