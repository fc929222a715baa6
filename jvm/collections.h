#pragma once

#include "common/process/process.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// Where the JVM counts the collections that have begun, an unsigned int; 0: it does not.
Address collections_of(const Process& process, const Layout& layout);

}  // namespace rtprof::jvm
