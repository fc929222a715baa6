#pragma once

#include <cstdint>
#include <optional>

#include "native/unwind_rules.h"
#include "native/unwinder.h"

namespace rtprof::native {

// True when evaluate() knows every operation of it.
bool is_supported(const DwarfExpression& expression);

// What an expression of call-frame information yields in a frame: the top of its stack at the end. Reads the
// taken stack bytes only. Nothing when it is not supported, divides by zero, has too few or too many values
// on its stack, needs a register whose value is lost, or bytes that were not taken.
std::optional<uint64_t> evaluate(const DwarfExpression& expression, const Cursor& frame, uint64_t cfa,
                                 const StackMemory& stack);

}  // namespace rtprof::native
