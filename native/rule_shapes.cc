#include "native/rule_shapes.h"

#include <dwarf.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "native/byte_reader.h"
#include "native/dwarf_expression.h"

namespace rtprof::native {
namespace {

using Kind = UnwindRule::Kind;

// Far more than there are different ones in one file.
constexpr size_t kMostExpressions = 4096;

struct BaseRegister {
  uint8_t reg;
  int32_t offset;
};

std::optional<BaseRegister> base_register(const DwarfOp& op) {
  bool by_operand = op.atom == DW_OP_bregx;
  if (!by_operand && (op.atom < DW_OP_breg0 || op.atom > DW_OP_breg31)) return std::nullopt;
  uint64_t reg = by_operand ? op.number : op.atom - DW_OP_breg0;
  auto offset = static_cast<int64_t>(by_operand ? op.number2 : op.number);
  if (reg >= Registers::kCount || offset < std::numeric_limits<int32_t>::min() ||
      offset > std::numeric_limits<int32_t>::max())
    return std::nullopt;
  return BaseRegister{static_cast<uint8_t>(reg), static_cast<int32_t>(offset)};
}

UnwindRule reference_to(DwarfExpression expression, Kind kind, std::vector<DwarfExpression>& expressions) {
  auto found = std::find(expressions.begin(), expressions.end(), expression);
  auto index = static_cast<int32_t>(found - expressions.begin());
  if (found == expressions.end()) {
    if (expressions.size() == kMostExpressions) return {Kind::kUnknown};
    expressions.push_back(std::move(expression));
  }
  return {kind, 0, index};
}

}  // namespace

UnwindRule rule_of_expression(std::span<const uint8_t> bytes, ExpressionUse use,
                              std::vector<DwarfExpression>& expressions) {
  auto expression = parse_expression(bytes);
  if (!expression || expression->empty()) return {Kind::kUnknown};
  bool is_place = use == ExpressionUse::kPlace;
  if (auto base = base_register(expression->front())) {
    if (expression->size() == 1)
      return {is_place ? Kind::kAtRegister : Kind::kRegister, base->reg, base->offset};
    if (expression->size() == 2 && expression->back().atom == DW_OP_deref && !is_place)
      return {Kind::kAtRegister, base->reg, base->offset};
  }
  // Those of registers start with the CFA on their stack (DWARF 5, section 6.4.2.3).
  if (use != ExpressionUse::kCfa) expression->insert(expression->begin(), DwarfOp{DW_OP_call_frame_cfa});
  return reference_to(std::move(*expression), is_place ? Kind::kAtExpression : Kind::kExpression,
                      expressions);
}

}  // namespace rtprof::native
