#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/process/memory.h"

namespace rtprof {

// The general registers of a thread in user space, numbered as DWARF does on x86-64 (System V ABI, AMD64
// supplement, figure 3.36): rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to r15, and the return address, whose
// place the instruction pointer takes.
struct Registers {
  enum Number : uint8_t {
    kRax,
    kRdx,
    kRcx,
    kRbx,
    kRsi,
    kRdi,
    kRbp,
    kRsp,
    kR8,
    kR12 = 12,
    kR13 = 13,
    kR15 = 15,
    kRip,
    kCount
  };

  std::array<uint64_t, kCount> values{};

  Address pc() const { return values[kRip]; }
  Address sp() const { return values[kRsp]; }
  Address fp() const { return values[kRbp]; }
};

// A thread at one instant: its registers, and the bytes of its stack from the stack pointer on, as many as
// were taken. Every source of machine stacks makes this: a perf sample, a BPF program, a pause.
struct StackSnapshot {
  static constexpr uint32_t kAllKnown = (1u << Registers::kCount) - 1;

  Registers registers;
  Address stack_address = 0;  // of the first byte
  std::span<const uint8_t> stack;
  // A bit by number for each register whose value is known. The stack and the instruction pointer always are.
  uint32_t known = kAllKnown;
  pid_t thread = 0;      // whose it is, where the source tells
  bool stands = false;   // the thread has not run since
  bool at_call = false;  // the instruction pointer is what a call returns to
  // What the runtime's own program copied beside it, in the same interrupt: SampleProgram.
  std::span<const uint8_t> attached = {};
};

}  // namespace rtprof
