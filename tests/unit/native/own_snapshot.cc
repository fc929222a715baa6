#include "tests/unit/native/own_snapshot.h"

#include <unistd.h>

#include <algorithm>

#include "common/process/process.h"

namespace rtprof::native {
namespace {

_Unwind_Reason_Code add_caller(_Unwind_Context* context, void* callers) {
  if (uint64_t pc = _Unwind_GetIP(context); pc != 0)
    static_cast<std::vector<uint64_t>*>(callers)->push_back(pc);
  return _URC_NO_REASON;
}

}  // namespace

Registers registers_of(const ucontext_t& context) {
  const auto& from = context.uc_mcontext.gregs;
  Registers registers;
  constexpr int kOrder[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                            REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  for (size_t i = 0; i < Registers::kCount; ++i) registers.values[i] = static_cast<uint64_t>(from[kOrder[i]]);
  return registers;
}

std::vector<uint8_t> stack_from(uint64_t sp, size_t most) {
  Process self = Process::open(::getpid());
  for (const Mapping& mapping : self.mappings()) {
    if (sp < mapping.start || sp >= mapping.end) continue;
    std::vector<uint8_t> bytes(std::min<size_t>(most, mapping.end - sp));
    if (!self.memory().read(sp, bytes.data(), bytes.size())) bytes.clear();
    return bytes;
  }
  return {};
}

void take(OwnSnapshot& own, size_t most) {
  own.callers.clear();
  _Unwind_Backtrace(add_caller, &own.callers);
  own.callers.erase(own.callers.begin());  // this function
  ucontext_t context;
  ::getcontext(&context);
  own.registers = registers_of(context);
  own.bytes = stack_from(own.registers.sp(), most);
}

}  // namespace rtprof::native
