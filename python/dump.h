#pragma once

#include "common/process/process.h"
#include "common/profile/thread_dump.h"

namespace rtprof {

// One look at all threads of a Python process. Threads that sleep are read as they are, and checked to have
// slept all the while; those that run are held one by one, for the moment that a read takes; nothing else is
// held. Which thread holds the GIL is read in the moment in which its stack is. Throws Error when the process
// cannot be read.
ThreadDump dump_python(const Process& process, const DumpOptions& options);

}  // namespace rtprof
