#pragma once

#include "native/address_space.h"
#include "native/unwind_table.h"
#include "native/unwinder.h"

namespace rtprof::native {

// Steps by call-frame information. kNotMine where a pc is in no file, kNoRule where its file says nothing of
// it.
class CfiUnwinder final : public Unwinder {
 public:
  // Both outlive this.
  CfiUnwinder(AddressSpace& space, UnwindTables& tables) : space_(space), tables_(tables) {}

  StepResult step(Cursor& cursor, const StackMemory& stack, std::vector<MachineFrame>& leaf_first) override;

 private:
  StepResult step_from_base(const UnwindRules& rules, const UnwindTable& table, Cursor& cursor,
                            const StackMemory& stack, std::vector<MachineFrame>& leaf_first);

  AddressSpace& space_;
  UnwindTables& tables_;
};

// Steps by the given rules of `table`.
StepResult step_by_rules(const UnwindRules& rules, const UnwindTable& table, Cursor& cursor,
                         const StackMemory& stack, std::vector<MachineFrame>& leaf_first);

}  // namespace rtprof::native
