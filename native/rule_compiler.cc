#include "native/rule_compiler.h"

#include <dwarf.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

#include "native/dwarf_expression.h"

namespace rtprof::native {
namespace {

using Kind = UnwindRule::Kind;

struct BaseRegister {
  uint8_t reg;
  int64_t offset;
};

std::optional<BaseRegister> base_register(const Dwarf_Op& op) {
  uint64_t reg = Registers::kCount;
  uint64_t offset = 0;
  if (op.atom >= DW_OP_breg0 && op.atom <= DW_OP_breg31) {
    reg = op.atom - DW_OP_breg0;
    offset = op.number;
  } else if (op.atom == DW_OP_bregx) {
    reg = op.number;
    offset = op.number2;
  }
  if (reg >= Registers::kCount) return std::nullopt;
  return BaseRegister{static_cast<uint8_t>(reg), static_cast<int64_t>(offset)};
}

bool fits(int64_t offset) {
  return offset >= std::numeric_limits<int32_t>::min() && offset <= std::numeric_limits<int32_t>::max();
}

class Compiler {
 public:
  explicit Compiler(std::vector<DwarfExpression>& expressions) : expressions_(expressions) {}

  UnwindRule cfa(std::span<const Dwarf_Op> ops) {
    if (ops.empty()) return {Kind::kUnknown};
    if (std::any_of(ops.begin(), ops.end(),
                    [](const Dwarf_Op& op) { return op.atom == DW_OP_call_frame_cfa; }))
      return {Kind::kUnknown};
    if (ops.size() == 1) {
      if (auto base = base_register(ops[0]); base && fits(base->offset))
        return {Kind::kRegister, base->reg, static_cast<int32_t>(base->offset)};
    }
    if (ops.size() == 2 && ops[1].atom == DW_OP_deref) {
      if (auto base = base_register(ops[0]); base && fits(base->offset))
        return {Kind::kAtRegister, base->reg, static_cast<int32_t>(base->offset)};
    }
    return other(ops, Kind::kExpression);
  }

  // A location, or a value when the last operation says so (dwarf_frame_register, libdw.h).
  UnwindRule value(std::span<const Dwarf_Op> ops) {
    bool is_value = ops.back().atom == DW_OP_stack_value;
    if (is_value) ops = ops.first(ops.size() - 1);
    if (auto rule = common(ops, is_value)) return *rule;
    return other(ops, is_value ? Kind::kExpression : Kind::kAtExpression);
  }

 private:
  static std::optional<UnwindRule> common(std::span<const Dwarf_Op> ops, bool is_value) {
    if (ops.size() == 1 && !is_value && ops[0].atom == DW_OP_regx) {
      if (ops[0].number >= Registers::kCount) return UnwindRule{Kind::kUnknown};
      return UnwindRule{Kind::kRegister, static_cast<uint8_t>(ops[0].number)};
    }
    // An expression starts with the CFA on its stack, which few make use of.
    if (ops.empty() || ops.size() > 2 || ops[0].atom != DW_OP_call_frame_cfa) return std::nullopt;
    if (ops.size() == 1) return UnwindRule{is_value ? Kind::kCfa : Kind::kAtCfa};
    if (auto offset = static_cast<int64_t>(ops[1].number); ops[1].atom == DW_OP_plus_uconst && fits(offset))
      return UnwindRule{is_value ? Kind::kCfa : Kind::kAtCfa, 0, static_cast<int32_t>(offset)};
    if (auto base = base_register(ops[1]); base && fits(base->offset)) {
      return UnwindRule{is_value ? Kind::kRegister : Kind::kAtRegister, base->reg,
                        static_cast<int32_t>(base->offset)};
    }
    return std::nullopt;
  }

  UnwindRule other(std::span<const Dwarf_Op> ops, Kind kind) {
    DwarfExpression expression;
    for (const Dwarf_Op& op : ops) expression.push_back({op.atom, op.number, op.number2});
    if (expression.empty() || !is_supported(expression)) return {Kind::kUnknown};
    auto found = std::find(expressions_.begin(), expressions_.end(), expression);
    auto index = static_cast<int32_t>(found - expressions_.begin());
    if (found == expressions_.end()) expressions_.push_back(std::move(expression));
    return {kind, 0, index};
  }

  std::vector<DwarfExpression>& expressions_;
};

// Of a register that the information does not name: what the ABI has callees preserve is unchanged, all else
// is overwritten (System V ABI, AMD64 supplement, figure 3.4). libdw has defaults of its own, in which rax
// takes the place of rbx (seen in 0.188). Nothing: unchanged.
std::optional<UnwindRule> default_rule(uint8_t reg) {
  switch (reg) {
    case Registers::kRsp:
      return UnwindRule{Kind::kCfa};
    case Registers::kRbx:
    case Registers::kRbp:
      return std::nullopt;
    default:
      return reg >= Registers::kR12 ? std::nullopt : std::optional(UnwindRule{Kind::kUndefined});
  }
}

}  // namespace

UnwindRules compile_rules(Dwarf_Frame* frame, std::vector<DwarfExpression>& expressions) {
  Compiler compiler(expressions);
  UnwindRules rules;
  Dwarf_Op* ops = nullptr;
  size_t count = 0;
  rules.cfa =
      dwarf_frame_cfa(frame, &ops, &count) == 0 ? compiler.cfa({ops, count}) : UnwindRule{Kind::kUnknown};
  int return_address = dwarf_frame_info(frame, nullptr, nullptr, &rules.is_signal_frame);

  Dwarf_Op simple[3];
  auto rule_of = [&](int reg) -> std::optional<UnwindRule> {  // nothing: unchanged
    if (dwarf_frame_register(frame, reg, simple, &ops, &count) != 0) return UnwindRule{Kind::kUnknown};
    if (count > 0) return compiler.value({ops, count});
    if (ops == nullptr) return std::nullopt;
    return UnwindRule{Kind::kUndefined};
  };
  rules.return_address = rule_of(return_address).value_or(UnwindRule{Kind::kUnknown});
  for (uint8_t reg = 0; reg < Registers::kRip; ++reg) {
    auto rule = rule_of(reg);
    if (!rule || rule->kind == Kind::kUndefined) rule = default_rule(reg);
    if (!rule)
      rules.unchanged |= 1u << reg;
    else if (rule->kind != Kind::kUndefined && rule->kind != Kind::kUnknown)
      rules.registers.emplace_back(reg, *rule);
  }
  return rules;
}

}  // namespace rtprof::native
