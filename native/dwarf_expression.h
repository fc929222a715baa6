#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "native/unwind_rules.h"
#include "native/unwinder.h"

namespace rtprof::native {

// The operations of an expression. Nothing when it has some that evaluate() does not know, branches among
// them, or too many, or ends within one.
std::optional<DwarfExpression> parse_expression(std::span<const uint8_t> bytes);

// What an expression of call-frame information yields in a frame: the top of its stack at the end. Reads the
// taken stack bytes only. Nothing when it is not supported, divides by zero, has too few or too many values
// on its stack, needs a register whose value is lost, or bytes that were not taken.
std::optional<uint64_t> evaluate(const DwarfExpression& expression, const Cursor& frame, uint64_t cfa,
                                 const StackMemory& stack);

}  // namespace rtprof::native
