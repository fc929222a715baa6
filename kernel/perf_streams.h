#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>

#include "kernel/perf_records.h"

namespace rtprof::kernel {

// Which event's samples of a thread count, where each thread has its own events.
//
// A thread that appeared while events were being opened may have two on a CPU: the one that it inherited, and
// one that was opened for it because it might not have inherited any. The event that was opened first counts.
class PerfStreams {
 public:
  enum class Verdict : uint8_t {
    kFirst,  // of its thread on its CPU
    kNext,
    kDuplicate,
  };

  Verdict judge(const RecordId& sample);
  // The thread has ended, or is a new one of that id.
  void forget(pid_t tid, uint32_t cpus);
  // Of all threads; what they were is no longer known.
  void clear() { events_.clear(); }

 private:
  static uint64_t key(pid_t tid, uint32_t cpu) { return uint64_t{static_cast<uint32_t>(tid)} << 32 | cpu; }

  std::unordered_map<uint64_t, uint64_t> events_;  // by thread and CPU
};

inline PerfStreams::Verdict PerfStreams::judge(const RecordId& sample) {
  auto [known, first] = events_.try_emplace(key(sample.tid, sample.cpu), sample.event);
  if (first) return Verdict::kFirst;
  if (sample.event > known->second) return Verdict::kDuplicate;
  known->second = sample.event;
  return Verdict::kNext;
}

inline void PerfStreams::forget(pid_t tid, uint32_t cpus) {
  for (uint32_t cpu = 0; cpu < cpus; ++cpu) events_.erase(key(tid, cpu));
}

}  // namespace rtprof::kernel
