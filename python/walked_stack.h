#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/process/stack_snapshot.h"
#include "python/stacks.h"
#include "python/walk.h"

namespace rtprof {

// A Python stack as native/seam.h wants it for the merge with the machine's.
struct WalkedStack {
  std::vector<uint32_t> frames;      // those that are shown, leaf first: each a stack of its own
  std::vector<size_t> activations;   // how many of them each call of the evaluation loop runs
  std::optional<uint32_t> end_mark;  // the walk did not reach the root
};

// Of what a walker found, with its marks (RT_PY_ENTRY). A thread without a state of the interpreter has the
// WalkedStack{}.
WalkedStack walked_stack(PythonStacks& stacks, std::span<const rt_py_frame> marked, StackEnd end);

// What stands leafward of Python's frames where there is no machine stack.
inline constexpr std::string_view kNoMachineStack = "[unknown: native frames not readable]";

// What stands at the seam where the two stacks do not fit: the reason. A stack that was unwound without all
// registers may lack the frames that they lead to.
std::string_view seam_mark(const StackSnapshot& snapshot);

}  // namespace rtprof
