#include "native/ptrace_registers.h"

#include <sys/ptrace.h>
#include <sys/user.h>

namespace rtprof::native {

std::optional<Registers> read_registers(pid_t tid) {
  // __USER32_CS, arch/x86/include/asm/segment.h: the code segment of 32-bit code on a 64-bit kernel.
  constexpr uint64_t kCodeSegment32 = 0x23;
  user_regs_struct user{};
  if (::ptrace(PTRACE_GETREGS, tid, nullptr, &user) != 0 || user.cs == kCodeSegment32) return std::nullopt;
  return Registers{{user.rax, user.rdx, user.rcx, user.rbx, user.rsi, user.rdi, user.rbp, user.rsp, user.r8,
                    user.r9, user.r10, user.r11, user.r12, user.r13, user.r14, user.r15, user.rip}};
}

}  // namespace rtprof::native
