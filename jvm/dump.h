#pragma once

#include "common/process/process.h"
#include "common/profile/thread_dump.h"

namespace rtprof::jvm {

// One look at all threads of a JVM: their stacks as native::ThreadStacks takes them, what they wait for and
// who holds it, as HotSpot's own structures and the program's objects tell. Nothing is stopped at a
// safepoint. Throws Error when the process cannot be read.
ThreadDump dump_jvm(const Process& process, const DumpOptions& options);

}  // namespace rtprof::jvm
