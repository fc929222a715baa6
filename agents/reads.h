#pragma once

#include "agents/channel.h"
#include "agents/own_memory.h"
#include "agents/protocol.h"

namespace rtprof::agents {

// Read for rtprof where the kernel closes the target to it, which a process's own threads may always read
// (ptrace_may_access(), kernel/ptrace.c). By one thread. False where the answer cannot be sent.
bool answer(const Channel& channel, const Read& read, const OwnMemory& memory);
bool answer(const Channel& channel, const ReadPlace& read);

}  // namespace rtprof::agents
