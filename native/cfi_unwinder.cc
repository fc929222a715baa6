#include "native/cfi_unwinder.h"

#include <optional>

#include "native/dwarf_expression.h"

namespace rtprof::native {
namespace {

using Kind = UnwindRule::Kind;

// No stack frame is larger; a larger one means that the rules are not those of this stack.
constexpr uint64_t kLargestFrame = uint64_t{1} << 30;

class Step {
 public:
  Step(const UnwindTable& table, const Cursor& cursor, const StackMemory& stack)
      : table_(table), cursor_(cursor), stack_(stack) {}

  void set_cfa(uint64_t cfa) { cfa_ = cfa; }

  // Why a rule yields nothing.
  StepResult failure_of(const UnwindRule& rule) const {
    auto place = place_of(rule);
    if (!place) return StepResult::kNoRule;
    return *place >= cursor_.registers.sp() ? StepResult::kTruncated : StepResult::kBroken;
  }

  // The address at which a rule says that a value was saved; nothing when it is not saved in memory.
  std::optional<Address> place_of(const UnwindRule& rule) const {
    switch (rule.kind) {
      case Kind::kAtCfa:
        return plus(cfa_, rule.offset);
      case Kind::kAtRegister:
        if (!cursor_.knows(rule.reg)) return std::nullopt;
        return plus(cursor_.registers.values[rule.reg], rule.offset);
      case Kind::kAtExpression:
        return evaluate(table_.expression(rule.offset), cursor_, cfa_, stack_);
      default:
        return std::nullopt;
    }
  }

  std::optional<uint64_t> value_of(const UnwindRule& rule) const {
    switch (rule.kind) {
      case Kind::kCfa:
        return plus(cfa_, rule.offset);
      case Kind::kRegister:
        if (!cursor_.knows(rule.reg)) return std::nullopt;
        return plus(cursor_.registers.values[rule.reg], rule.offset);
      case Kind::kExpression:
        return evaluate(table_.expression(rule.offset), cursor_, cfa_, stack_);
      default:
        if (auto place = place_of(rule)) return stack_.word(*place);
        return std::nullopt;
    }
  }

 private:
  static uint64_t plus(uint64_t base, int32_t offset) { return base + static_cast<int64_t>(offset); }

  const UnwindTable& table_;
  const Cursor& cursor_;
  const StackMemory& stack_;
  uint64_t cfa_ = 0;
};

Cursor caller_of(const UnwindRules& rules, const Step& step, const Cursor& callee, uint64_t return_address) {
  Cursor caller = callee;
  caller.known = callee.known & rules.unchanged;
  auto set = [&](uint8_t reg, uint64_t value) {
    caller.registers.values[reg] = value;
    caller.known |= 1u << reg;
  };
  for (const auto& [reg, rule] : rules.registers) {
    if (auto value = step.value_of(rule)) {
      set(reg, *value);
    } else if (auto place = step.place_of(rule); place && *place < callee.registers.sp()) {
      // The place is below the stack pointer, so it was not taken: an epilogue has popped the register
      // already, without compilers telling so.
      caller.known |= callee.known & (1u << reg);
    }
  }
  set(Registers::kRip, return_address);
  caller.is_return_address = !rules.is_signal_frame;
  return caller;
}

}  // namespace

StepResult step_by_rules(const UnwindRules& rules, const UnwindTable& table, Cursor& cursor,
                         const StackMemory& stack, std::vector<MachineFrame>& leaf_first) {
  // What a signal handler returns to is called by nothing.
  MachineFrame frame = cursor.frame();
  if (rules.is_signal_frame) frame.is_return_address = false;

  if (rules.return_address.kind == Kind::kUndefined) {
    leaf_first.push_back(frame);
    return StepResult::kComplete;
  }
  Step step(table, cursor, stack);
  auto cfa = step.value_of(rules.cfa);
  if (!cfa) return step.failure_of(rules.cfa);
  uint64_t sp = cursor.registers.sp();
  // A leaf may have taken its return address off the stack (vfork), a caller is above its callee.
  bool is_above = *cfa > sp || (*cfa == sp && !cursor.is_return_address);
  if (!rules.is_signal_frame && (!is_above || *cfa - sp > kLargestFrame || *cfa % 8 != 0))
    return StepResult::kBroken;
  step.set_cfa(*cfa);
  auto return_address = step.value_of(rules.return_address);
  if (!return_address) return step.failure_of(rules.return_address);
  Cursor caller = caller_of(rules, step, cursor, *return_address);
  if (!caller.knows(Registers::kRsp)) return StepResult::kNoRule;
  leaf_first.push_back(frame);
  // Above the first function of a thread lies what its maker has pushed: nothing.
  if (*return_address == 0 && !rules.is_signal_frame) return StepResult::kComplete;
  cursor = caller;
  return StepResult::kStepped;
}

StepResult CfiUnwinder::step(Cursor& cursor, const StackMemory& stack,
                             std::vector<MachineFrame>& leaf_first) {
  auto place = space_.find(cursor.frame().lookup());
  if (!place || !place->binary) return StepResult::kNotMine;
  UnwindTable& table = tables_.of(place->binary);
  const UnwindRules* rules = table.find(place->address);
  if (rules != nullptr) return step_by_rules(*rules, table, cursor, stack, leaf_first);
  if (!cursor.is_return_address) return StepResult::kNoRule;
  rules = table.find(place->address + 1);
  if (rules == nullptr) return StepResult::kNoRule;
  return step_from_base(*rules, table, cursor, stack, leaf_first);
}

// No call has pushed this return address, which is the first of its function: it was put at the base of a
// stack that was made by hand. Its rules may lead to a caller all the same, or to what is not code
// (makecontext).
StepResult CfiUnwinder::step_from_base(const UnwindRules& rules, const UnwindTable& table, Cursor& cursor,
                                       const StackMemory& stack, std::vector<MachineFrame>& leaf_first) {
  Cursor base = cursor;
  base.is_return_address = false;
  StepResult result = step_by_rules(rules, table, base, stack, leaf_first);
  if (result == StepResult::kStepped && !space_.find(base.frame().lookup())) return StepResult::kComplete;
  if (result == StepResult::kStepped) cursor = base;
  return result;
}

}  // namespace rtprof::native
