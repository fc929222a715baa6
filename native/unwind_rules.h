#pragma once

#include <compare>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/process/stack_snapshot.h"

namespace rtprof::native {

// One operation of a DWARF expression (DWARF 5, section 2.5).
struct DwarfOp {
  uint8_t atom = 0;  // DW_OP_*, dwarf.h
  uint64_t number = 0;
  uint64_t number2 = 0;

  auto operator<=>(const DwarfOp&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Without branches, so that it ends after as many operations as it has.
using DwarfExpression = std::vector<DwarfOp>;

// How a value in the caller's frame is found from the registers of the callee's frame.
struct UnwindRule {
  enum class Kind : uint8_t {
    kUndefined,     // there is none: a register that was overwritten, the caller of a first function
    kUnknown,       // there is one, but it cannot be told
    kCfa,           // cfa + offset
    kAtCfa,         // the word at cfa + offset
    kRegister,      // register + offset
    kAtRegister,    // the word at register + offset
    kExpression,    // what the expression yields
    kAtExpression,  // the word at what the expression yields
  };
  Kind kind = Kind::kUndefined;
  uint8_t reg = 0;     // Registers::Number
  int32_t offset = 0;  // bytes; the index of the expression of the table for the last two

  auto operator<=>(const UnwindRule&) const = default;  // NOLINT(modernize-use-nullptr)
};

// What call-frame information says of a range of instructions: the canonical frame address (CFA, the caller's
// stack pointer before it pushed the return address, plus that push), and from it everything else.
struct UnwindRules {
  UnwindRule cfa;
  // Undefined where the function has no caller: it is the first of its thread.
  UnwindRule return_address;
  // The other registers that the caller can know, by number; one that is not among them and not in
  // `unchanged` is lost. The stack pointer is always among them.
  std::vector<std::pair<uint8_t, UnwindRule>> registers;
  // A bit by number for each register that the function has left as it was.
  uint32_t unchanged = 0;
  // The frame that the kernel made to call a signal handler: its caller is what the signal interrupted, which
  // goes on at the return address, and whose stack may be another one.
  bool is_signal_frame = false;

  auto operator<=>(const UnwindRules&) const = default;  // NOLINT(modernize-use-nullptr)
};

}  // namespace rtprof::native
