#pragma once

#include <sys/types.h>

#include <memory>
#include <span>

#include "common/base/result.h"

struct perf_filter;

namespace rtprof::kernel {

// A BPF program that keeps the samples of a CPU to given processes before the kernel takes them: the stacks
// of others are neither walked nor copied. A saving where BPF is permitted, never a condition: what it lets
// through is looked at again.
class PerfFilter {
 public:
  // Fails where BPF is not permitted, or there are more processes than the program can hold. `next`: a
  // program of the same type that is asked about their samples; -1: none.
  static Result<PerfFilter> load(std::span<const pid_t> pids, int next);

  // For PERF_EVENT_IOC_SET_BPF.
  int program() const;

 private:
  struct Deleter {
    void operator()(perf_filter* skeleton) const;
  };

  PerfFilter() = default;

  std::unique_ptr<perf_filter, Deleter> skeleton_;
};

}  // namespace rtprof::kernel
