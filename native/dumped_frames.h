#pragma once

#include <vector>

#include "common/process/process.h"
#include "common/profile/thread_dump.h"
#include "native/address_space.h"
#include "native/symbolizer.h"
#include "native/unwinder.h"

namespace rtprof::native {

// Appends what a dump shows of a machine frame: functions that are inlined there first, with lines, and
// "[libc.so.6]" for one without a symbol. `profile` is of the symbolizer's use.
void append_dumped_frames(const MachineFrame& frame, const Process& process, AddressSpace& space,
                          Symbolizer& symbolizer, Profile& profile, std::vector<DumpedFrame>& leaf_first);

}  // namespace rtprof::native
