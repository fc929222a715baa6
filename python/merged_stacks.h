#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "common/process/process.h"
#include "common/process/stack_snapshot.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "native/loop_code.h"
#include "native/merged_stacks.h"
#include "native/process_code.h"
#include "native/seam.h"
#include "python/stacks.h"
#include "python/walk.h"
#include "python/walked_stack.h"

namespace rtprof {

// The stacks of one process with the machine's frames that its Python frames called: Python's frames in the
// place of the calls of the evaluation loop that run them (native/seam.h). Lives on the thread that samples.
class PythonMergedStacks {
 public:
  // `stacks`, whose namer has the id `namer`, and the others outlive this.
  PythonMergedStacks(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                     native::Workshop& workshop, PythonStacks& stacks, uint32_t namer);

  void begin_batch() { code_.begin_batch(); }

  // The two stacks of a moment in one.
  RawStack merge(const WalkedStack& walked, const StackSnapshot& snapshot);
  // Where the machine's could not be had.
  RawStack without_machine(const WalkedStack& walked);

  // For a walker that tells a stack once and names it by its hash from then on: what it found, with its marks
  // (RT_PY_ENTRY).
  void add(uint64_t hash, std::span<const rt_py_frame> marked, StackEnd end);
  // A thread without a state: it runs none of Python's code.
  void add_without_state(uint64_t hash) { walked_[hash] = {}; }

  // Nothing when no stack of that name was added.
  std::optional<RawStack> merge(uint64_t hash, const StackSnapshot& snapshot);

  bool is_merged(RawStack stack) const { return stack.namer == merged_namer_; }
  bool unknown(RawStack stack) const { return merged_->unknown(stack.id); }

 private:
  uint32_t root_of(const WalkedStack& walked, native::UnwindEnd end);
  uint32_t python_child(uint32_t callers, uint32_t python);

  PythonStacks& stacks_;
  const uint32_t namer_;
  native::ProcessCode code_;
  native::LoopCode loop_;
  std::shared_ptr<native::MergedStacks> merged_;
  uint32_t merged_namer_;
  std::unordered_map<uint64_t, WalkedStack> walked_;
  // Of the merge at hand.
  std::vector<native::MachineFrame> machine_;
  std::vector<native::SeamFrame> frames_;
};

}  // namespace rtprof
