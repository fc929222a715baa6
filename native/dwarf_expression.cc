#include "native/dwarf_expression.h"

#include <dwarf.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "native/byte_reader.h"

namespace rtprof::native {
namespace {

constexpr size_t kMostValues = 32;
constexpr size_t kMostOps = 256;

// Two values replaced by one. Arithmetic is modulo 2^64; comparisons, division and shra are signed (DWARF 5,
// sections 2.5.1.4 and 2.5.1.5).
std::optional<uint64_t> combine(uint8_t atom, uint64_t left, uint64_t right) {
  auto signed_left = static_cast<int64_t>(left);
  auto signed_right = static_cast<int64_t>(right);
  switch (atom) {
    case DW_OP_and:
      return left & right;
    case DW_OP_or:
      return left | right;
    case DW_OP_xor:
      return left ^ right;
    case DW_OP_plus:
      return left + right;
    case DW_OP_minus:
      return left - right;
    case DW_OP_mul:
      return left * right;
    case DW_OP_div:
      if (right == 0) return std::nullopt;
      return right == ~uint64_t{0} ? -left : static_cast<uint64_t>(signed_left / signed_right);
    case DW_OP_mod:
      if (right == 0) return std::nullopt;
      return left % right;
    case DW_OP_shl:
      return right < 64 ? left << right : 0;
    case DW_OP_shr:
      return right < 64 ? left >> right : 0;
    case DW_OP_shra:
      return static_cast<uint64_t>(signed_left >> std::min<uint64_t>(right, 63));
    case DW_OP_eq:
      return left == right;
    case DW_OP_ne:
      return left != right;
    case DW_OP_lt:
      return signed_left < signed_right;
    case DW_OP_le:
      return signed_left <= signed_right;
    case DW_OP_gt:
      return signed_left > signed_right;
    case DW_OP_ge:
      return signed_left >= signed_right;
    default:
      return std::nullopt;
  }
}

bool is_binary(uint8_t atom) {
  switch (atom) {
    case DW_OP_and:
    case DW_OP_div:
    case DW_OP_minus:
    case DW_OP_mod:
    case DW_OP_mul:
    case DW_OP_or:
    case DW_OP_plus:
    case DW_OP_shl:
    case DW_OP_shr:
    case DW_OP_shra:
    case DW_OP_xor:
      return true;
    default:
      return atom >= DW_OP_eq && atom <= DW_OP_ne;
  }
}

bool is_constant(uint8_t atom) {
  return atom >= DW_OP_const1u && atom <= DW_OP_consts;
}
bool is_literal(uint8_t atom) {
  return atom >= DW_OP_lit0 && atom <= DW_OP_lit31;
}
bool is_base_register(uint8_t atom) {
  return (atom >= DW_OP_breg0 && atom <= DW_OP_breg31) || atom == DW_OP_bregx;
}

bool has_no_operand(uint8_t atom) {
  if (is_binary(atom) || is_literal(atom)) return true;
  switch (atom) {
    case DW_OP_dup:
    case DW_OP_drop:
    case DW_OP_over:
    case DW_OP_swap:
    case DW_OP_rot:
    case DW_OP_abs:
    case DW_OP_neg:
    case DW_OP_not:
    case DW_OP_deref:
    case DW_OP_nop:
      return true;
    default:
      return false;
  }
}

uint64_t read_constant(uint8_t atom, ByteReader& reader) {
  switch (atom) {
    case DW_OP_const1u:
      return reader.u8();
    case DW_OP_const1s:
      return static_cast<uint64_t>(static_cast<int64_t>(reader.fixed<int8_t>()));
    case DW_OP_const2u:
      return reader.fixed<uint16_t>();
    case DW_OP_const2s:
      return static_cast<uint64_t>(static_cast<int64_t>(reader.fixed<int16_t>()));
    case DW_OP_const4u:
      return reader.fixed<uint32_t>();
    case DW_OP_const4s:
      return static_cast<uint64_t>(static_cast<int64_t>(reader.fixed<int32_t>()));
    case DW_OP_constu:
      return reader.uleb();
    case DW_OP_consts:
      return static_cast<uint64_t>(reader.sleb());
    default:
      return reader.fixed<uint64_t>();  // DW_OP_const8u, DW_OP_const8s
  }
}

std::optional<DwarfOp> read_op(ByteReader& reader) {
  DwarfOp op{reader.u8()};
  if (has_no_operand(op.atom)) return op;
  if (is_constant(op.atom)) {
    op.number = read_constant(op.atom, reader);
  } else if (op.atom == DW_OP_bregx) {
    op.number = reader.uleb();
    op.number2 = static_cast<uint64_t>(reader.sleb());
  } else if (is_base_register(op.atom)) {
    op.number = static_cast<uint64_t>(reader.sleb());
  } else if (op.atom == DW_OP_plus_uconst) {
    op.number = reader.uleb();
  } else if (op.atom == DW_OP_pick || op.atom == DW_OP_deref_size) {
    op.number = reader.u8();
  } else {
    return std::nullopt;
  }
  return op;
}

class Machine {
 public:
  Machine(const Cursor& frame, uint64_t cfa, const StackMemory& stack)
      : frame_(frame), cfa_(cfa), stack_(stack) {}

  std::optional<uint64_t> top() const {
    return depth_ == 0 ? std::nullopt : std::optional(values_[depth_ - 1]);
  }

  // False when the operation cannot be carried out.
  bool run(const DwarfOp& op) {
    if (is_constant(op.atom)) return push(op.number);
    if (is_literal(op.atom)) return push(op.atom - DW_OP_lit0);
    if (is_base_register(op.atom)) return push_register(op);
    if (is_binary(op.atom)) return run_binary(op.atom);
    if (op.atom == DW_OP_nop) return true;
    if (op.atom == DW_OP_call_frame_cfa) return push(cfa_);
    return run_unary(op) || run_stack(op);
  }

 private:
  bool push(std::optional<uint64_t> value) {
    if (!value || depth_ == kMostValues) return false;
    values_[depth_++] = *value;
    return true;
  }
  bool push_at(uint64_t index) { return index < depth_ && push(values_[depth_ - 1 - index]); }

  bool push_register(const DwarfOp& op) {
    bool by_operand = op.atom == DW_OP_bregx;
    uint64_t reg = by_operand ? op.number : op.atom - DW_OP_breg0;
    if (reg >= Registers::kCount || !frame_.knows(static_cast<uint8_t>(reg))) return false;
    return push(frame_.registers.values[reg] + (by_operand ? op.number2 : op.number));
  }

  bool run_binary(uint8_t atom) {
    if (depth_ < 2) return false;
    depth_ -= 2;
    return push(combine(atom, values_[depth_], values_[depth_ + 1]));
  }

  bool run_unary(const DwarfOp& op) {
    if (depth_ < 1) return false;
    uint64_t& value = values_[depth_ - 1];
    switch (op.atom) {
      case DW_OP_plus_uconst:
        value += op.number;
        return true;
      case DW_OP_abs:
        if (static_cast<int64_t>(value) < 0) value = -value;
        return true;
      case DW_OP_neg:
        value = -value;
        return true;
      case DW_OP_not:
        value = ~value;
        return true;
      case DW_OP_deref:
        return read(value, sizeof value);
      case DW_OP_deref_size:
        return read(value, op.number);
      default:
        return false;
    }
  }

  bool run_stack(const DwarfOp& op) {
    switch (op.atom) {
      case DW_OP_dup:
        return push_at(0);
      case DW_OP_over:
        return push_at(1);
      case DW_OP_pick:
        return push_at(op.number);
      case DW_OP_drop:
        if (depth_ < 1) return false;
        --depth_;
        return true;
      case DW_OP_swap:
        if (depth_ < 2) return false;
        std::swap(values_[depth_ - 1], values_[depth_ - 2]);
        return true;
      case DW_OP_rot:
        if (depth_ < 3) return false;
        std::rotate(&values_[depth_ - 3], &values_[depth_ - 1], &values_[depth_]);
        return true;
      default:
        return false;
    }
  }

  bool read(uint64_t& value, uint64_t size) {
    auto word = stack_.word(value);
    if (!word || size < 1 || size > sizeof value) return false;
    value = *word & (~uint64_t{0} >> (64 - 8 * size));
    return true;
  }

  const Cursor& frame_;
  uint64_t cfa_;
  const StackMemory& stack_;
  std::array<uint64_t, kMostValues> values_{};
  size_t depth_ = 0;
};

}  // namespace

std::optional<DwarfExpression> parse_expression(std::span<const uint8_t> bytes) {
  DwarfExpression expression;
  ByteReader reader(bytes);
  while (!reader.at_end()) {
    auto op = read_op(reader);
    if (!op || !reader.ok() || expression.size() == kMostOps) return std::nullopt;
    expression.push_back(*op);
  }
  return expression;
}

std::optional<uint64_t> evaluate(const DwarfExpression& expression, const Cursor& frame, uint64_t cfa,
                                 const StackMemory& stack) {
  Machine machine(frame, cfa, stack);
  for (const DwarfOp& op : expression) {
    if (!machine.run(op)) return std::nullopt;
  }
  return machine.top();
}

}  // namespace rtprof::native
