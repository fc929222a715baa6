#include "python/walked_stack.h"

#include <utility>

namespace rtprof {

WalkedStack walked_stack(PythonStacks& stacks, std::span<const rt_py_frame> marked, StackEnd end) {
  WalkedStack walked;
  size_t running = 0;
  for (rt_py_frame frame : marked) {
    bool is_entry = (frame.code & RT_PY_ENTRY) != 0;
    frame.code &= ~RT_PY_ENTRY;
    // 0: a frame that is not shown.
    if (uint32_t id = stacks.intern({&frame, 1}, StackEnd::kComplete)) {
      walked.frames.push_back(id);
      ++running;
    }
    if (is_entry) walked.activations.push_back(std::exchange(running, 0));
  }
  if (running != 0) walked.activations.push_back(running);
  if (end != StackEnd::kComplete) walked.end_mark = stacks.intern({}, end);
  return walked;
}

std::string_view seam_mark(const StackSnapshot& snapshot) {
  return snapshot.known == StackSnapshot::kAllKnown ? "[unknown: native and Python stacks disagree]"
                                                    : kNoMachineStack;
}

}  // namespace rtprof
