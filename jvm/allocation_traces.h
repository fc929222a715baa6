#pragma once

#include <optional>

#include "agents/jvm/protocol.h"
#include "common/process/access.h"
#include "common/process/process.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// Where a thread says how much it has allocated, as HotSpot describes it; all 0: it does not.
agents::jvm::AllocatedBytes allocated_bytes(const Layout& layout);

// Where HotSpot traces allocations for its own recorder, or why that is not to be had.
struct AllocationTraceSearch {
  std::optional<agents::jvm::AllocationTraces> traces;
  Denial denial;  // where there are none
};

// By the symbols of libjvm, which are in itself or in its separate debug file, and by what HotSpot says of
// itself. Reads only.
AllocationTraceSearch find_allocation_traces(const Process& process, const Layout& layout);

}  // namespace rtprof::jvm
