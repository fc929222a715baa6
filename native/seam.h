#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "native/stack_unwinder.h"

namespace rtprof::native {

// Where the frames of a runtime's interpreter belong among the frames of the machine.
//
// Goal: each call of the interpreter's evaluation loop is a machine frame; it is replaced by the runtime's
// frames that it runs. Both stacks are of the same instant, so that the k-th call of the loop from the root
// runs the k-th activation from the root. Names are not compared: a function of C may be called from any
// line.
//
// - A loop that has been entered, and has not pushed its frame yet or has popped it already, is one machine
// frame
//   more than there are activations, at the leaf. It runs nothing, and is left out.
// - Activations without a frame, and no loop: a thread that the runtime knows, but that runs no code of it.
// - A machine stack that was not copied whole lacks loops at the root: the k-th from the leaf then belong
// together,
//   and what is left of the runtime's frames is at the root, behind a mark: frames of the machine between
//   them are missing. One that could not be unwound to its root is believed where the numbers are equal: the
//   program around the interpreter may tell nothing of its callers.
// - Anything else: one of the two is not what it seems. All of the runtime's frames, a mark, and of the
// machine's
//   those that certainly are leafward of them.
//
// Machine frames rootward of the first activation are not those of a call from the runtime, and are left out.

// A frame of the merged stack.
struct SeamFrame {
  enum class Kind : uint8_t { kMachine, kRuntime, kDisagree, kTruncated };
  Kind kind = Kind::kMachine;
  size_t index = 0;  // in the list it is of; 0 of a mark

  bool operator==(const SeamFrame&) const = default;
};

// The machine's frames and the runtime's, all leaf first.
struct SeamInput {
  std::span<const uint8_t> is_loop;      // one a machine frame: it is a call of the evaluation loop
  UnwindEnd end = UnwindEnd::kComplete;  // of the machine stack
  // The numbers of frames of each activation; they may be 0.
  std::span<const size_t> activations;
  bool runtime_complete = true;  // the runtime's stack was walked to its root
};

// Replaces `leaf_first` by the merged stack. Without an activation that runs something these are all machine
// frames.
void merge_at_seams(const SeamInput& input, std::vector<SeamFrame>& leaf_first);

}  // namespace rtprof::native
