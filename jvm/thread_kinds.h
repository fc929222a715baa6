#pragma once

#include <string_view>

namespace rtprof::jvm {

// What a thread of HotSpot's own is for, by the name that the kernel has of it: 15 letters at most. Empty for
// others: threads of the program can have any name, but not these.
std::string_view kind_of_thread(std::string_view name);

}  // namespace rtprof::jvm
