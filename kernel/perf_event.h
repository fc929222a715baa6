#pragma once

#include <linux/perf_event.h>
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/fd.h"
#include "common/base/result.h"

namespace rtprof::kernel {

// perf_event_open(2) for a thread on one CPU; `tid` 0: the calling thread, -1: whatever runs there.
Result<UniqueFd> open_perf_event(perf_event_attr attributes, pid_t tid, int cpu);

// Lets the event write its records to the ring of `ring_fd`.
Result<bool> redirect_perf_event(int event_fd, int ring_fd);

// Lets a BPF program decide at each tick whether there is a sample: not when it returns 0. Also of the events
// that inherit this one.
Result<bool> attach_perf_program(int event_fd, int program_fd);

void enable_perf_event(int event_fd);

// "0-3,5": the numbers of a list in sysfs, ascending; what cannot be read ends it.
std::vector<int> parse_cpu_list(std::string_view text);
// CPUs that run now.
std::vector<int> online_cpus();

}  // namespace rtprof::kernel
