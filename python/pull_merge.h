#pragma once

#include <cstdint>

#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "native/workshop.h"
#include "python/machine_moment.h"
#include "python/merged_stacks.h"
#include "python/pull_reader.h"
#include "python/stacks.h"

namespace rtprof {

// Machine stacks of threads that are looked at from outside, for --native: taken in the moment in which a
// PullReader walks a thread, and merged with Python's when the thread runs on.
class PullMerge {
 public:
  // All of them outlive this. `stacks` has the namer `namer`.
  PullMerge(const Process& process, const SamplingPlan& plan, Recorder& recorder, native::Workshop& workshop,
            PythonStacks& stacks, uint32_t namer, PullReader& reader);

  void begin_batch();

  // The stack that the reader read last, of a thread that was held or slept.
  RawStack last();
  // Whether the machine's stack was there for it.
  bool last_is_whole() const { return moment_.stack().has_value(); }

  bool is_merged(RawStack stack) const { return merged_.is_merged(stack); }
  bool unknown(RawStack stack) const { return merged_.unknown(stack); }

 private:
  PythonStacks& stacks_;
  PullReader& reader_;
  PythonMergedStacks merged_;
  MachineMoment moment_;
};

}  // namespace rtprof
