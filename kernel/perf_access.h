#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "common/process/access.h"
#include "common/process/credentials.h"

namespace rtprof::kernel {

// What perf_event_open is asked for when it refuses.
enum class PerfWish : uint8_t {
  kUserMode,  // events of threads, what they do in user space
  kKernel,    // and in the kernel
  kCpus,      // events of CPUs: whatever runs there
  kRings,     // memory for the records
};

// What the kernel looks at when it is asked for perf events: perf_event_open() and perf_mmap() in
// kernel/events/core.c, and what stands before it: seccomp, distributions' further levels.
struct PerfFacts {
  Credentials ours;
  std::optional<int> paranoid;  // kernel.perf_event_paranoid; nothing where the kernel has no perf events
  bool seccomp = false;         // a filter looks at our system calls
  bool in_container = false;
  uint64_t mlock_kb = 0;       // kernel.perf_event_mlock_kb: for each CPU and user
  uint64_t memlock_limit = 0;  // RLIMIT_MEMLOCK, bytes
  uint64_t file_limit = 0;     // RLIMIT_NOFILE, soft

  // Whether the paranoid level does not matter to us.
  bool capable() const { return ours.has(Capability::kPerfmon) || ours.has(Capability::kSysAdmin); }
};

PerfFacts gather_perf_facts();

// Why `wish` was refused with `error`, and the exact way out.
Denial explain_perf_denial(const PerfFacts& facts, PerfWish wish, int error);

// kernel.perf_event_max_stack: the most addresses of a callchain, kernel and user together.
size_t max_callchain();

}  // namespace rtprof::kernel
