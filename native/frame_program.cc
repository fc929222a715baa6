#include "native/frame_program.h"

#include <dwarf.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "native/byte_reader.h"
#include "native/rule_shapes.h"

namespace rtprof::native {
namespace {

using Kind = UnwindRule::Kind;

// More than any function has, so that what is corrupt does not cost without bounds.
constexpr size_t kMostProgramBytes = 256 << 10;
constexpr size_t kMostRemembered = 64;

// Of one register: nothing where the entry does not name it.
struct State {
  UnwindRule cfa{Kind::kUnknown};
  std::array<std::optional<UnwindRule>, Registers::kCount> registers;
  uint32_t same = 0;  // a bit for each that is said to be unchanged
};

// What the ABI has callees preserve is unchanged where nothing is said of it, all else is overwritten (System
// V ABI, AMD64 supplement, figure 3.4).
constexpr uint32_t kPreserved = 1u << Registers::kRbx | 1u << Registers::kRbp | 0xfu << Registers::kR12;

UnwindRules rules_of(const State& state, const FrameEntry& entry) {
  UnwindRules rules;
  rules.cfa = state.cfa;
  rules.is_signal_frame = entry.is_signal_frame;
  rules.return_address = UnwindRule{Kind::kUnknown};
  if (entry.return_address_register < Registers::kCount)
    rules.return_address = state.registers[entry.return_address_register].value_or(rules.return_address);
  for (uint8_t reg = 0; reg < Registers::kRip; ++reg) {
    const auto& rule = state.registers[reg];
    bool is_same = (state.same >> reg & 1) != 0 || (kPreserved >> reg & 1) != 0;
    if (rule) {
      if (rule->kind != Kind::kUndefined && rule->kind != Kind::kUnknown)
        rules.registers.emplace_back(reg, *rule);
    } else if (reg == Registers::kRsp) {
      rules.registers.emplace_back(reg, UnwindRule{Kind::kCfa});
    } else if (is_same) {
      rules.unchanged |= 1u << reg;
    }
  }
  return rules;
}

class Program {
 public:
  Program(const FrameEntry& entry, std::vector<DwarfExpression>& expressions)
      : entry_(entry), expressions_(expressions), location_(entry.start) {}

  std::vector<RuleRow> run() {
    if (entry_.initial.size() + entry_.program.size() > kMostProgramBytes) return {};
    if (!run(entry_.initial)) return {};
    initial_ = state_;
    if (run(entry_.program)) end_row(entry_.end);
    return std::move(rows_);
  }

 private:
  bool run(std::span<const uint8_t> instructions) {
    ByteReader reader(instructions);
    while (!reader.at_end()) {
      uint8_t instruction = reader.u8();
      bool is_known =
          (instruction & 0xc0) != 0 ? run_short(instruction, reader) : run_long(instruction, reader);
      if (!is_known || !reader.ok()) return false;
    }
    return true;
  }

  // The three whose operand is in the low six bits.
  bool run_short(uint8_t instruction, ByteReader& reader) {
    uint8_t operand = instruction & 0x3f;
    switch (instruction & 0xc0) {
      case DW_CFA_advance_loc:
        return advance(operand);
      case DW_CFA_offset:
        return set(operand, by_offset(Kind::kAtCfa, factored(reader.uleb())));
      default:  // DW_CFA_restore
        return restore(operand);
    }
  }

  bool run_long(uint8_t instruction, ByteReader& reader) {
    switch (instruction) {
      case DW_CFA_nop:
        return true;
      case DW_CFA_set_loc:
        return false;  // no compiler emits it
      case DW_CFA_advance_loc1:
        return advance(reader.u8());
      case DW_CFA_advance_loc2:
        return advance(reader.fixed<uint16_t>());
      case DW_CFA_advance_loc4:
        return advance(reader.fixed<uint32_t>());
      case DW_CFA_remember_state:
        if (remembered_.size() == kMostRemembered) return false;
        remembered_.push_back(state_);
        return true;
      case DW_CFA_restore_state:
        if (remembered_.empty()) return false;
        state_ = remembered_.back();
        remembered_.pop_back();
        return true;
      case DW_CFA_GNU_args_size:
        reader.uleb();
        return true;
      default:
        return run_cfa(instruction, reader) || run_register(instruction, reader);
    }
  }

  bool run_cfa(uint8_t instruction, ByteReader& reader) {
    switch (instruction) {
      case DW_CFA_def_cfa: {
        uint64_t reg = reader.uleb();
        return set_cfa(reg, static_cast<int64_t>(reader.uleb()));
      }
      case DW_CFA_def_cfa_sf: {
        uint64_t reg = reader.uleb();
        return set_cfa(reg, factored(static_cast<uint64_t>(reader.sleb())));
      }
      case DW_CFA_def_cfa_register:
        return state_.cfa.kind == Kind::kRegister && set_cfa(reader.uleb(), state_.cfa.offset);
      case DW_CFA_def_cfa_offset:
        return state_.cfa.kind == Kind::kRegister &&
               set_cfa(state_.cfa.reg, static_cast<int64_t>(reader.uleb()));
      case DW_CFA_def_cfa_offset_sf:
        return state_.cfa.kind == Kind::kRegister &&
               set_cfa(state_.cfa.reg, factored(static_cast<uint64_t>(reader.sleb())));
      case DW_CFA_def_cfa_expression:
        state_.cfa = rule_of(ExpressionUse::kCfa, reader);
        return true;
      default:
        return false;
    }
  }

  bool run_register(uint8_t instruction, ByteReader& reader) {
    uint64_t reg = reader.uleb();
    switch (instruction) {
      case DW_CFA_undefined:
        return set(reg, UnwindRule{Kind::kUndefined});
      case DW_CFA_same_value:
        return set_same(reg);
      case DW_CFA_restore_extended:
        return restore(reg);
      case DW_CFA_offset_extended:
        return set(reg, by_offset(Kind::kAtCfa, factored(reader.uleb())));
      case DW_CFA_offset_extended_sf:
        return set(reg, by_offset(Kind::kAtCfa, factored(static_cast<uint64_t>(reader.sleb()))));
      case DW_CFA_GNU_negative_offset_extended:
        return set(reg, by_offset(Kind::kAtCfa, factored(-reader.uleb())));
      case DW_CFA_val_offset:
        return set(reg, by_offset(Kind::kCfa, factored(reader.uleb())));
      case DW_CFA_val_offset_sf:
        return set(reg, by_offset(Kind::kCfa, factored(static_cast<uint64_t>(reader.sleb()))));
      case DW_CFA_register: {
        uint64_t other = reader.uleb();
        return set(reg, other < Registers::kCount ? UnwindRule{Kind::kRegister, static_cast<uint8_t>(other)}
                                                  : UnwindRule{Kind::kUnknown});
      }
      case DW_CFA_expression:
        return set(reg, rule_of(ExpressionUse::kPlace, reader));
      case DW_CFA_val_expression:
        return set(reg, rule_of(ExpressionUse::kValue, reader));
      default:
        return false;
    }
  }

  int64_t factored(uint64_t number) const {
    return static_cast<int64_t>(number * static_cast<uint64_t>(entry_.data_alignment));
  }

  static bool fits(int64_t offset) {
    return offset >= std::numeric_limits<int32_t>::min() && offset <= std::numeric_limits<int32_t>::max();
  }
  static UnwindRule by_offset(Kind kind, int64_t offset) {
    return fits(offset) ? UnwindRule{kind, 0, static_cast<int32_t>(offset)} : UnwindRule{Kind::kUnknown};
  }

  UnwindRule rule_of(ExpressionUse use, ByteReader& reader) {
    return rule_of_expression(reader.take(reader.uleb()), use, expressions_);
  }

  bool set_cfa(uint64_t reg, int64_t offset) {
    bool is_sound = reg < Registers::kCount && fits(offset);
    state_.cfa = is_sound
                     ? UnwindRule{Kind::kRegister, static_cast<uint8_t>(reg), static_cast<int32_t>(offset)}
                     : UnwindRule{Kind::kUnknown};
    return true;
  }

  // Registers without a number here (vector and segment registers) do not matter.
  bool set(uint64_t reg, const UnwindRule& rule) {
    if (reg >= Registers::kCount) return true;
    state_.registers[reg] = rule;
    state_.same &= ~(1u << reg);
    return true;
  }
  bool set_same(uint64_t reg) {
    if (reg >= Registers::kCount) return true;
    state_.registers[reg].reset();
    state_.same |= 1u << reg;
    return true;
  }
  bool restore(uint64_t reg) {
    if (reg >= Registers::kCount) return true;
    state_.registers[reg] = initial_.registers[reg];
    state_.same = (state_.same & ~(1u << reg)) | (initial_.same & (1u << reg));
    return true;
  }

  bool advance(uint64_t count) {
    uint64_t distance = 0;
    if (__builtin_mul_overflow(count, entry_.code_alignment, &distance)) return false;
    if (distance > entry_.end - location_) return false;
    end_row(location_ + distance);
    return true;
  }

  void end_row(uint64_t end) {
    if (end > location_) rows_.push_back({location_, end, rules_of(state_, entry_)});
    location_ = end;
  }

  const FrameEntry& entry_;
  std::vector<DwarfExpression>& expressions_;
  State state_;
  State initial_;
  std::vector<State> remembered_;
  uint64_t location_;
  std::vector<RuleRow> rows_;
};

}  // namespace

std::vector<RuleRow> run_frame_program(const FrameEntry& entry, std::vector<DwarfExpression>& expressions) {
  return Program(entry, expressions).run();
}

}  // namespace rtprof::native
