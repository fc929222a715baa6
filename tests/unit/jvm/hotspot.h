#pragma once

#include "jvm/layout.h"
#include "jvm/vm_structs.h"

namespace rtprof::test {

// HotSpot's description of itself as of JDK 17, as far as it is needed, with offsets of the tests' choice.
jvm::VmStructs hotspot_17();
// The same as a layout.
jvm::Layout hotspot_17_layout();

}  // namespace rtprof::test
