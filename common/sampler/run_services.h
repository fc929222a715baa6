#pragma once

#include <sys/types.h>

#include "common/base/result.h"
#include "common/sampler/recorder.h"

namespace rtprof {

namespace kernel {
class BpfSampler;
}
namespace native {
struct Workshop;
}

// What the sources of one run share. Each part is made when it is first asked for, so that a run pays only
// for what its targets need. Outlives the sources.
class RunServices {
 public:
  virtual ~RunServices() = default;

  virtual Recorder& recorder() = 0;
  // The BPF programs of the run, or why there are none; those that take machine stacks, where wanted, are
  // others.
  virtual Result<kernel::BpfSampler*> bpf(bool machine_stacks) = 0;
  // What reads machine code: binaries, symbols, unwinding tables.
  virtual native::Workshop& workshop() = 0;
  // Something is about to be loaded into a target, which a person is to know.
  virtual void announce_agent(pid_t pid) = 0;
  // The recorder of a target's own runtime is about to be switched on, which a person is to know as well.
  virtual void announce_recorder(pid_t pid) = 0;
};

}  // namespace rtprof
