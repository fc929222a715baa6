#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <memory>

#include "common/profile/quality.h"
#include "common/sampler/recorder.h"
#include "kernel/elapsed_time.h"
#include "kernel/kernel_stacks.h"

namespace rtprof::kernel {

// Hands the pieces of a process's time to the recorder, and counts them by event.
class PieceRecorder {
 public:
  // `recorder` outlives this.
  PieceRecorder(pid_t pid, Recorder& recorder, std::shared_ptr<KernelStacks> kernel_stacks);

  uint32_t kernel_namer() const { return kernel_namer_; }
  // `unknown`: its stack counts among the unknown frames.
  void record(const TimePiece& piece, bool unknown);
  // What was recorded of the event of `quality`.
  void tell(RunQuality& quality) const;

 private:
  struct Counts {
    int64_t weight = 0;
    uint64_t samples = 0;
    uint64_t unknown = 0;
  };

  pid_t pid_;
  Recorder& recorder_;
  uint32_t kernel_namer_;
  std::array<Counts, 5> counts_{};  // by event
};

}  // namespace rtprof::kernel
