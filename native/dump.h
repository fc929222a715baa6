#pragma once

#include "common/process/process.h"
#include "common/profile/thread_dump.h"

namespace rtprof::native {

// One look at the machine stacks of all threads. Threads that sleep are read as they are, by the registers
// that the kernel saved of them, and checked to have slept all the while; those that run are held one by one,
// for the moment that a read takes. Where BPF is not permitted sleeping threads have to be held too, which a
// note says. Throws Error when the process cannot be read.
ThreadDump dump_native(const Process& process, const DumpOptions& options);

}  // namespace rtprof::native
