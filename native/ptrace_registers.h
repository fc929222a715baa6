#pragma once

#include <sys/types.h>

#include <optional>

#include "common/process/stack_snapshot.h"

namespace rtprof::native {

// The user-space registers of a thread that this thread has stopped by ptrace: while a ThreadPause holds it,
// or a test steps it. Nothing when it is gone, not stopped, or runs 32-bit code.
std::optional<Registers> read_registers(pid_t tid);

}  // namespace rtprof::native
