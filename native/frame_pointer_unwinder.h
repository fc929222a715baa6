#pragma once

#include "native/address_space.h"
#include "native/unwinder.h"

namespace rtprof::native {

// Steps along the chain of saved frame pointers: rbp points to the caller's rbp, above which lies the return
// address (System V ABI, AMD64 supplement, section 3.2.2), and is 0 in a thread's first function. A step is
// taken only when it is plausible: rbp is aligned, not below the stack pointer, and the return address is in
// an executable mapping; else the result is kNoRule.
//
// In the leaf frame the chain may not have been extended yet, or not at all by a function that does without:
// then the leaf's caller is missing, and nothing shows it.
class FramePointerUnwinder final : public Unwinder {
 public:
  // It outlives this.
  explicit FramePointerUnwinder(AddressSpace& space) : space_(space) {}

  StepResult step(Cursor& cursor, const StackMemory& stack, std::vector<MachineFrame>& leaf_first) override;

 private:
  AddressSpace& space_;
};

}  // namespace rtprof::native
