#pragma once

#include <optional>

#include "common/process/access.h"
#include "common/process/process.h"

namespace rtprof {

// Why threads of a process whose memory may be read may not be held still, and the way out; nothing when they
// may.
std::optional<Denial> pause_refusal(const Process& process);

}  // namespace rtprof
