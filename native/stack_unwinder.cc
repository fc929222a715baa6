#include "native/stack_unwinder.h"

namespace rtprof::native {

std::string_view unwind_end_text(UnwindEnd end) {
  switch (end) {
    case UnwindEnd::kComplete:
      return {};
    case UnwindEnd::kTruncated:
    case UnwindEnd::kTooDeep:
      return "[truncated]";
    case UnwindEnd::kNoRule:
      return "[unknown: no unwind information]";
    case UnwindEnd::kBroken:
      return "[unknown: broken stack]";
  }
  return {};
}

StackUnwinder::StackUnwinder(AddressSpace& space, UnwindTables& tables, UnwindMethod method)
    : space_(space), tables_(tables), method_(method), cfi_(space, tables), frame_pointer_(space) {}

UnwindEnd StackUnwinder::unwind(const StackSnapshot& snapshot, std::vector<MachineFrame>& leaf_first) {
  leaf_first.clear();
  Cursor cursor{
      .registers = snapshot.registers, .known = snapshot.known, .is_return_address = snapshot.at_call};
  UnwindEnd end = follow(cursor, StackMemory(snapshot), leaf_first);
  if (deep_stacks_ == nullptr) return end;
  deep_stacks_->met(snapshot);
  return end == UnwindEnd::kTruncated ? go_on(cursor, snapshot, leaf_first) : end;
}

// From the last frame of what was copied.
UnwindEnd StackUnwinder::go_on(Cursor cursor, const StackSnapshot& snapshot,
                               std::vector<MachineFrame>& leaf_first) {
  auto beyond = deep_stacks_->beyond(snapshot);
  if (beyond.empty()) return UnwindEnd::kTruncated;
  size_t copied = leaf_first.size();
  MachineFrame last = leaf_first.back();
  leaf_first.pop_back();
  UnwindEnd end = follow(cursor, StackMemory(snapshot, beyond), leaf_first);
  // What makes no sense was written later.
  if (end != UnwindEnd::kBroken && end != UnwindEnd::kNoRule) return end;
  leaf_first.resize(copied);
  leaf_first.back() = last;
  return UnwindEnd::kTruncated;
}

// Leaves the cursor in the last frame that was appended, where that has no known caller.
UnwindEnd StackUnwinder::follow(Cursor& cursor, const StackMemory& stack,
                                std::vector<MachineFrame>& leaf_first) {
  while (leaf_first.size() < kMostFrames) {
    StepResult result = step(cursor, stack, leaf_first);
    if (result == StepResult::kStepped) continue;
    if (result == StepResult::kComplete) return UnwindEnd::kComplete;
    // What a caller was taken for is a frame only when it is code.
    bool is_code = leaf_first.empty() || space_.find(cursor.frame().lookup()).has_value();
    if (!is_code) return UnwindEnd::kBroken;
    leaf_first.push_back(cursor.frame());
    if (result == StepResult::kTruncated) return UnwindEnd::kTruncated;
    return result == StepResult::kBroken ? UnwindEnd::kBroken : UnwindEnd::kNoRule;
  }
  return UnwindEnd::kTooDeep;
}

StepResult StackUnwinder::step(Cursor& cursor, const StackMemory& stack,
                               std::vector<MachineFrame>& leaf_first) {
  for (Unwinder* runtime : runtimes_) {
    StepResult result = runtime->step(cursor, stack, leaf_first);
    if (result != StepResult::kNotMine) return result;
  }
  return native_step(cursor, stack, leaf_first);
}

StepResult StackUnwinder::native_step(Cursor& cursor, const StackMemory& stack,
                                      std::vector<MachineFrame>& leaf_first) {
  if (method_ == UnwindMethod::kFramePointer) return frame_pointer_.step(cursor, stack, leaf_first);
  StepResult by_cfi = cfi_.step(cursor, stack, leaf_first);
  bool has_rule = by_cfi != StepResult::kNotMine && by_cfi != StepResult::kNoRule;
  if (has_rule || method_ == UnwindMethod::kDwarf) return by_cfi;

  auto place = space_.find(cursor.frame().lookup());
  if (!place) return step_by_top_of_stack(cursor, stack, leaf_first);
  StepResult by_frame_pointer = frame_pointer_.step(cursor, stack, leaf_first);
  if (by_frame_pointer == StepResult::kNoRule) return step_by_top_of_stack(cursor, stack, leaf_first);
  if (by_frame_pointer != StepResult::kStepped) return by_frame_pointer;
  // A file without any call-frame information was built to be unwound by frame pointers, or not at all.
  bool is_built_so = place->binary && tables_.of(place->binary).empty();
  cursor.is_guess = cursor.is_guess || !is_built_so;
  return StepResult::kStepped;
}

// In a leaf, the return address may have been pushed last: by a call to what is not code, as through a null
// pointer, or to hand-written instructions that nothing describes (those of glibc's clone3 around its system
// call). That is no guess to make where it may be an unknown register that leads to the caller.
StepResult StackUnwinder::step_by_top_of_stack(Cursor& cursor, const StackMemory& stack,
                                               std::vector<MachineFrame>& leaf_first) {
  auto return_address = stack.word(cursor.registers.sp());
  bool may_guess = leaf_first.empty() && cursor.known == StackSnapshot::kAllKnown;
  if (!may_guess || !return_address || !space_.find(*return_address - 1)) return StepResult::kNoRule;
  leaf_first.push_back(cursor.frame());
  cursor.registers.values[Registers::kRip] = *return_address;
  cursor.registers.values[Registers::kRsp] += sizeof(uint64_t);
  cursor.is_return_address = true;
  cursor.is_guess = true;
  return StepResult::kStepped;
}

}  // namespace rtprof::native
