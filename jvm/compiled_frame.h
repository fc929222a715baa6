#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rtprof::jvm {

// Where a frame has what leads to its caller, in bytes from the stack pointer.
struct FrameShape {
  static constexpr int32_t kInRegister = -1;

  int32_t return_address = 0;
  int32_t frame_pointer = kInRegister;  // the caller's; kInRegister: it still is, or is again, in rbp

  bool operator==(const FrameShape&) const = default;
};

// An instruction of compiled code that runs next, and what is around it.
struct CompiledCode {
  static constexpr size_t kBefore = 12;
  static constexpr size_t kAfter = 16;

  uint32_t frame_bytes = 0;  // of the whole frame, the return address included
  uint64_t pc = 0;           // from the first byte
  std::span<const uint8_t>
      prologue;                     // from the first byte to where the frame is complete; empty: pc is after
  std::span<const uint8_t> before;  // the bytes that end at pc, at most kBefore
  std::span<const uint8_t> after;   // those that begin at pc, at most kAfter
};

// The frame that compiled code has before an instruction: a whole one, or what the prologue has made of it
// and the epilogue has left. HotSpot's compilers make frames in few ways (x86.ad, MachPrologNode and
// MachEpilogNode; c1_MacroAssembler_x86.cpp), which are known by their bytes.
FrameShape frame_shape(const CompiledCode& code);

// The prologue of a stub, of which `code.prologue` is the beginning; empty where it has none, or `code.pc` is
// after it.
std::span<const uint8_t> stub_prologue(const CompiledCode& code);

// Whether bytes of code can end with a call instruction.
bool ends_with_call(std::span<const uint8_t> code);

}  // namespace rtprof::jvm
