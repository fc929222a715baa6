#pragma once

#include <sys/types.h>

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

namespace rtprof {

// The stacks of one process with the machine's frames that its Python frames called: Python's frames in the
// place of the calls of the evaluation loop that run them (native/seam.h). Lives on the thread that samples.
class PythonMergedStacks {
 public:
  // `stacks`, whose namer has the id `namer`, and the others outlive this.
  PythonMergedStacks(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                     native::Workshop& workshop, PythonStacks& stacks, uint32_t namer);

  void begin_batch() { code_.begin_batch(); }

  // What a walker found, with its marks (RT_PY_ENTRY); `hash` names it from now on.
  void add(uint64_t hash, std::span<const rt_py_frame> leaf_first, StackEnd end);
  // A thread without a state: it runs none of Python's code.
  void add_without_state(uint64_t hash) { walked_[hash] = {}; }

  // The two stacks of a moment in one; nothing when no stack of that name was added.
  std::optional<RawStack> merge(uint64_t hash, const StackSnapshot& snapshot);

  bool is_merged(RawStack stack) const { return stack.namer == merged_namer_; }
  bool unknown(RawStack stack) const { return merged_->unknown(stack.id); }

 private:
  struct Walked {
    std::vector<uint32_t> frames;      // leaf first: each a stack of its own
    std::vector<size_t> activations;   // how many of them each call of the loop runs
    std::optional<uint32_t> end_mark;  // the walk did not reach the root
  };

  uint32_t root_of(const Walked& walked, native::UnwindEnd end);
  void find_loops();

  PythonStacks& stacks_;
  const uint32_t namer_;
  native::ProcessCode code_;
  native::LoopCode loop_;
  std::shared_ptr<native::MergedStacks> merged_;
  uint32_t merged_namer_;
  std::unordered_map<uint64_t, Walked> walked_;
  // Of the merge at hand.
  std::vector<native::MachineFrame> machine_;
  std::vector<uint8_t> is_loop_;
  std::vector<native::SeamFrame> frames_;
};

}  // namespace rtprof
