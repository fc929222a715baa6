#pragma once

#include "common/base/result.h"
#include "kernel/bpf_sampler.h"

namespace rtprof::native {

// BPF programs of a runtime's own that copy, in the same interrupt as a stack, what belongs to it and is not
// on it: StackSnapshot::attached. For one process, and one of the two ways. Lives on the thread that samples.
class SampleProgram {
 public:
  virtual ~SampleProgram() = default;

  // As PerfConfig::program and PerfConfig::program_output. Fails where it cannot be loaded; what samples lack
  // then is the message, empty where they lack nothing.
  struct PerfProgram {
    int program = -1;
    int output = -1;
  };
  virtual Result<PerfProgram> for_perf() = 0;
  // The walker of a target with RT_TARGET_ATTACHES. Fails likewise.
  virtual Result<const kernel::Walker*> for_snapshots(kernel::BpfSampler& sampler) = 0;

  // After RuntimeCode::begin_batch(): what the program needs to know of the process may have changed.
  virtual void update() = 0;
};

}  // namespace rtprof::native
