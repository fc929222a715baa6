#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "common/process/stack_snapshot.h"

namespace rtprof::native {

// What registers and code tell of the system call that a thread is in, for where the kernel does not: a perf
// sample has no orig_rax.

// Whether the thread has entered the kernel by the instruction `syscall`, which leaves its return address in
// rcx (Intel SDM, volume 2B). Else it was interrupted, by a page fault or a device.
inline bool in_system_call(const Registers& registers) {
  return registers.values[Registers::kRcx] == registers.pc();
}

// As many bytes before the pc as system_call_number() looks at.
inline constexpr size_t kSystemCallCode = 8;

// The number of the call by the code that ends at the pc: C libraries load it by the instruction before
// `syscall`. Nothing where that is loaded elsewhere.
std::optional<uint32_t> system_call_number(std::span<const uint8_t, kSystemCallCode> code);

}  // namespace rtprof::native
