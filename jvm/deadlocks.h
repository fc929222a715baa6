#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "common/process/thread_probe.h"

namespace rtprof::jvm {

// Threads that seem to wait for one another: each cycle as a list of threads, each of which waits for the
// next, the last one for the first. `holders`: for each thread by index, the one that holds what it waits
// for; nothing where it does not wait, or nobody is known to hold it.
std::vector<std::vector<size_t>> find_cycles(std::span<const std::optional<size_t>> holders);

// How the threads of a cycle are looked at once more.
struct CycleLook {
  // What the scheduler has counted for each of them; nothing of one that is not asleep.
  std::function<std::vector<std::optional<ThreadTimes>>()> times;
  // Whether each waits, and not for a limited time, for what the next one holds.
  std::function<bool()> is_cycle;
};

// Whether the threads of a cycle wait for one another for ever. Edges that were read one after the other need
// not have been there at once: where locks change hands, a cycle can be seen that never was. But a thread
// that does not run neither takes a lock nor lets go of one. So all of them have to sleep while the cycle is
// read, without having run meanwhile, and it has to be read twice, since a collector that moves objects can
// mislead one reading. Tried several times: threads that wait for a monitor wake now and then.
bool is_deadlock(const CycleLook& cycle);

}  // namespace rtprof::jvm
