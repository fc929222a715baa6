#include "native/system_call.h"

#include <gtest/gtest.h>

#include <array>

namespace rtprof::native {
namespace {

std::optional<uint32_t> number(std::array<uint8_t, kSystemCallCode> code) {
  return system_call_number(code);
}

TEST(SystemCall, NumberIsLoadedBeforeTheCall) {
  // The instructions as objdump has them.
  EXPECT_EQ(number({0x90, 0xb8, 0xca, 0, 0, 0, 0x0f, 0x05}), 202u);          // mov $0xca,%eax
  EXPECT_EQ(number({0xc3, 0x90, 0x90, 0x90, 0x31, 0xc0, 0x0f, 0x05}), 0u);   // xor %eax,%eax
  EXPECT_EQ(number({0x41, 0xb8, 8, 0, 0, 0, 0x0f, 0x05}), std::nullopt);     // mov $8,%r8d
  EXPECT_EQ(number({0, 0, 0, 0x45, 0x31, 0xc0, 0x0f, 0x05}), std::nullopt);  // xor %r8d,%r8d
  EXPECT_EQ(number({0, 0, 0, 0x44, 0x89, 0xc0, 0x0f, 0x05}), std::nullopt);  // mov %r8d,%eax
  EXPECT_EQ(number({0x90, 0xb8, 0xca, 0, 0, 0, 0x90, 0x90}), std::nullopt);  // no call
}

TEST(SystemCall, ReturnAddressIsInRcx) {
  Registers registers;
  registers.values[Registers::kRip] = 0x401000;
  EXPECT_FALSE(in_system_call(registers));
  registers.values[Registers::kRcx] = 0x401000;
  EXPECT_TRUE(in_system_call(registers));
}

}  // namespace
}  // namespace rtprof::native
