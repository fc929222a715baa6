#include "native/frame_pointer_unwinder.h"

namespace rtprof::native {
namespace {

// A frame pointer further above the stack pointer than this is not one: stacks are 8 MiB by default.
constexpr uint64_t kLargestFrame = 8 << 20;

}  // namespace

StepResult FramePointerUnwinder::step(Cursor& cursor, const StackMemory& stack,
                                      std::vector<MachineFrame>& leaf_first) {
  if (!cursor.knows(Registers::kRbp)) return StepResult::kNoRule;
  Address fp = cursor.registers.fp();
  if (fp == 0) {
    // In a leaf it may as well be any number that a function without frame pointers has put there.
    if (!cursor.is_return_address) return StepResult::kNoRule;
    leaf_first.push_back(cursor.frame());
    return StepResult::kComplete;
  }
  Address sp = cursor.registers.sp();
  if (fp < sp || fp - sp > kLargestFrame || fp % sizeof(uint64_t) != 0) return StepResult::kNoRule;
  auto caller_fp = stack.word(fp);
  auto return_address = stack.word(fp + sizeof(uint64_t));
  if (!caller_fp || !return_address) return StepResult::kTruncated;
  bool is_last = *return_address == 0;
  if (!is_last && !space_.find(*return_address - 1)) return StepResult::kNoRule;

  leaf_first.push_back(cursor.frame());
  if (is_last) return StepResult::kComplete;
  cursor.registers.values[Registers::kRbp] = *caller_fp;
  cursor.registers.values[Registers::kRsp] = fp + 2 * sizeof(uint64_t);
  cursor.registers.values[Registers::kRip] = *return_address;
  cursor.known = 1u << Registers::kRbp | 1u << Registers::kRsp | 1u << Registers::kRip;
  cursor.is_return_address = true;
  return StepResult::kStepped;
}

}  // namespace rtprof::native
