#include "agents/jvm/detour.h"

namespace rtprof::agents::jvm {
namespace {

// The bits of `mask` of each byte are those of `value`.
struct Instruction {
  uint8_t length;
  uint8_t known;  // so many bytes are looked at
  uint8_t value[4];
  uint8_t mask[4];
};

// What compilers begin functions with.
constexpr Instruction kInstructions[] = {
    {4, 4, {0xf3, 0x0f, 0x1e, 0xfa}, {0xff, 0xff, 0xff, 0xff}},  // endbr64
    {1, 1, {0x50}, {0xf8}},                                      // push of rax to rdi
    {2, 2, {0x41, 0x50}, {0xff, 0xf8}},                          // push of r8 to r15
    {4, 3, {0x48, 0x83, 0xec}, {0xff, 0xff, 0xff}},              // sub rsp, a byte
    {7, 3, {0x48, 0x81, 0xec}, {0xff, 0xff, 0xff}},              // sub rsp, four bytes
    {5, 4, {0x48, 0x89, 0x44, 0x24}, {0xfb, 0xff, 0xc7, 0xff}},  // mov [rsp + a byte], a register
    {1, 1, {0xc3}, {0xff}},                                      // ret
    {2, 2, {0xf3, 0xc3}, {0xff, 0xff}},                          // repz ret
};

bool is(const Instruction& instruction, const uint8_t* code) {
  for (size_t i = 0; i < instruction.known; ++i) {
    if ((code[i] & instruction.mask[i]) != instruction.value[i]) return false;
  }
  return true;
}

}  // namespace

size_t first_instruction(const uint8_t* code) {
  for (const Instruction& each : kInstructions) {
    if (is(each, code)) return each.length;
  }
  return 0;
}

}  // namespace rtprof::agents::jvm
