#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/sampler/plan.h"
#include "native/address_space.h"
#include "native/cfi_unwinder.h"
#include "native/deep_stacks.h"
#include "native/frame_pointer_unwinder.h"
#include "native/unwind_table.h"
#include "native/unwinder.h"

namespace rtprof::native {

// How far an unwinding came.
enum class UnwindEnd : uint8_t {
  kComplete,   // the last frame is the thread's first function
  kTruncated,  // the stack bytes that are known end before the stack does
  kTooDeep,    // there are more than StackUnwinder::kMostFrames
  kNoRule,     // nothing says who called the last frame
  kBroken,     // the stack contradicts itself, or leads to what is not code
};

// The frame that stands at the root for the callers that were not found; empty when the stack is complete.
std::string_view unwind_end_text(UnwindEnd end);

// Machine stacks of one process: the loop over the regions of its address space, each of which has an
// Unwinder that knows how to step through it. Lives on one thread.
class StackUnwinder {
 public:
  static constexpr size_t kMostFrames = 2048;

  // Both outlive this. `tables` serves the unwinders of all processes of its thread.
  StackUnwinder(AddressSpace& space, UnwindTables& tables, UnwindMethod method);

  // A runtime's own steps, asked before those for native code, in the order of adding. It outlives this.
  void add(Unwinder& runtime) { runtimes_.push_back(&runtime); }

  // Where a snapshot's bytes do not reach the end of its stack, goes on in these. They outlive this.
  void go_on_in(DeepStacks& deep_stacks) { deep_stacks_ = &deep_stacks; }

  // Replaces `leaf_first` by the frames of a snapshot: at least one.
  UnwindEnd unwind(const StackSnapshot& snapshot, std::vector<MachineFrame>& leaf_first);

 private:
  UnwindEnd follow(Cursor& cursor, const StackMemory& stack, std::vector<MachineFrame>& leaf_first);
  UnwindEnd go_on(Cursor cursor, const StackSnapshot& snapshot, std::vector<MachineFrame>& leaf_first);
  StepResult step(Cursor& cursor, const StackMemory& stack, std::vector<MachineFrame>& leaf_first);
  StepResult native_step(Cursor& cursor, const StackMemory& stack, std::vector<MachineFrame>& leaf_first);
  StepResult step_by_top_of_stack(Cursor& cursor, const StackMemory& stack,
                                  std::vector<MachineFrame>& leaf_first);

  AddressSpace& space_;
  UnwindTables& tables_;
  UnwindMethod method_;
  CfiUnwinder cfi_;
  FramePointerUnwinder frame_pointer_;
  std::vector<Unwinder*> runtimes_;
  DeepStacks* deep_stacks_ = nullptr;
};

}  // namespace rtprof::native
