#pragma once

#include "common/base/clock.h"
#include "common/base/result.h"

namespace rtprof::native {

// A BPF program of a runtime's own that copies, before a perf sample is taken and in the same interrupt, what
// belongs to it and is not on the stack. The sample has it as StackSnapshot::attached. Lives on the thread
// that samples.
class SampleProgram {
 public:
  virtual ~SampleProgram() = default;

  // Fails where it cannot be loaded: samples then come without. Once.
  virtual Result<bool> load() = 0;
  // After load(): as PerfConfig::program and PerfConfig::program_output.
  virtual int program() const = 0;
  virtual int output() const = 0;
  // Between batches of samples: what the program needs to know of the process may have changed.
  virtual void update(TimePoint now) = 0;
};

}  // namespace rtprof::native
