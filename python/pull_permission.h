#pragma once

#include "common/process/process.h"

namespace rtprof {

// Throws Error when threads of the process may not be held still.
void require_pause(const Process& process);

}  // namespace rtprof
