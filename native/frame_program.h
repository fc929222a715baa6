#pragma once

#include <cstdint>
#include <vector>

#include "native/frame_section.h"
#include "native/unwind_rules.h"

namespace rtprof::native {

// The rules of a range of instructions.
struct RuleRow {
  uint64_t start = 0;
  uint64_t end = 0;
  UnwindRules rules;
};

// Runs the call-frame instructions of an entry (DWARF 5, section 6.4.2) and gives the rows of its table, by
// address and without overlap. They end early where the instructions cannot be understood. Expressions that
// are not of a common shape are looked up among `expressions`, or appended to them.
std::vector<RuleRow> run_frame_program(const FrameEntry& entry, std::vector<DwarfExpression>& expressions);

}  // namespace rtprof::native
