#pragma once

#include <map>
#include <span>
#include <string_view>

#include "common/process/memory.h"
#include "jvm/object_layout.h"

namespace rtprof::jvm {

// The flags of a running HotSpot (-XX:+NAME) that are true or false, of these names. One that this JDK does
// not have is not there. `names` outlive the result.
std::map<std::string_view, bool> boolean_flags(const Memory& memory, const ObjectLayout& layout,
                                               std::span<const std::string_view> names);

}  // namespace rtprof::jvm
