#pragma once

#include <elfutils/libdw.h>

#include <vector>

#include "native/unwind_rules.h"

namespace rtprof::native {

// The rules that elfutils found for an instruction. Expressions that are not of a common shape are looked up
// among `expressions`, or appended to them.
UnwindRules compile_rules(Dwarf_Frame* frame, std::vector<DwarfExpression>& expressions);

}  // namespace rtprof::native
