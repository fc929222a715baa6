#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "native/unwind_rules.h"

namespace rtprof::native {

// What an expression of call-frame information is for.
enum class ExpressionUse : uint8_t {
  kCfa,    // it yields the CFA
  kPlace,  // it yields the place in memory where a register was saved
  kValue,  // it yields a register's value
};

// The rule of a DWARF expression: one of the common shapes where it is of one, else a reference to
// `expressions`, to which it is appended when it is not there yet. Kind::kUnknown for an expression that
// evaluate() would not know.
UnwindRule rule_of_expression(std::span<const uint8_t> bytes, ExpressionUse use,
                              std::vector<DwarfExpression>& expressions);

}  // namespace rtprof::native
