#include "native/system_call.h"

#include <cstring>

namespace rtprof::native {

std::optional<uint32_t> system_call_number(std::span<const uint8_t, kSystemCallCode> code) {
  // From the end: 0f 05 is `syscall`.
  if (code[6] != 0x0f || code[7] != 0x05) return std::nullopt;
  // A prefix 4x before either makes it another instruction, of a register from r8 on most often.
  constexpr uint8_t kRexMask = 0xf0;
  constexpr uint8_t kRex = 0x40;
  // b8 NUMBER: mov $NUMBER,%eax
  if (code[1] == 0xb8 && (code[0] & kRexMask) != kRex) {
    uint32_t number = 0;
    std::memcpy(&number, &code[2], sizeof number);
    return number;
  }
  // 31 c0, 33 c0: xor %eax,%eax
  bool is_zeroed = (code[4] == 0x31 || code[4] == 0x33) && code[5] == 0xc0;
  if (is_zeroed && (code[3] & kRexMask) != kRex) return 0;
  return std::nullopt;
}

}  // namespace rtprof::native
