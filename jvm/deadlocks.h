#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace rtprof::jvm {

// Threads that wait for one another for ever: each cycle as a list of threads, each of which waits for the
// next, the last one for the first. `holders`: for each thread by index, the one that holds what it waits
// for; nothing where it does not wait, or nobody is known to hold it.
std::vector<std::vector<size_t>> find_deadlocks(std::span<const std::optional<size_t>> holders);

}  // namespace rtprof::jvm
