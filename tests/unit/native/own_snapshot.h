#pragma once

#include <ucontext.h>
#include <unwind.h>

#include <cstdint>
#include <vector>

#include "common/process/stack_snapshot.h"

namespace rtprof::native {

// This thread's stack at one instant, and what libgcc, which unwinds exceptions, takes for its callers.
struct OwnSnapshot {
  Registers registers;
  std::vector<uint8_t> bytes;
  std::vector<uint64_t> callers;  // return addresses above the function that took it

  StackSnapshot snapshot() const { return {registers, registers.sp(), bytes}; }
};

Registers registers_of(const ucontext_t& context);
// Up to `most` bytes of this process's stack from `sp` on.
std::vector<uint8_t> stack_from(uint64_t sp, size_t most);

[[gnu::noinline]] void take(OwnSnapshot& own, size_t most = 1 << 20);

}  // namespace rtprof::native
