#include "agents/jvm/detour.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "common/base/file.h"

// A function as compilers begin it, which adds one, and where it is led: that counts, and goes on.
asm(".text\n"
    ".balign 16\n"
    "rtprof_test_adder:\n"
    "endbr64\n"
    "push %rbp\n"
    "mov %rsp, %rbp\n"
    "lea 1(%rdi), %eax\n"
    "pop %rbp\n"
    "ret\n"
    ".balign 16\n"
    "rtprof_test_landing:\n"
    "incl rtprof_test_landings(%rip)\n"
    "jmp *rtprof_test_continuation(%rip)\n");

extern "C" {
int rtprof_test_adder(int number);
void rtprof_test_landing();
__attribute__((used)) int rtprof_test_landings = 0;
__attribute__((used)) const void* rtprof_test_continuation = nullptr;
}

namespace rtprof::agents::jvm {
namespace {

bool code_can_be_written(const void* address) {
  auto maps = read_file("/proc/self/maps");
  auto place = reinterpret_cast<uintptr_t>(address);
  size_t begin = 0;
  while (begin < maps->size()) {
    std::string line = maps->substr(begin, maps->find('\n', begin) - begin);
    begin += line.size() + 1;
    size_t used = 0;
    uintptr_t start = std::stoul(line, &used, 16);
    uintptr_t end = std::stoul(line.substr(used + 1), nullptr, 16);
    if (start <= place && place < end) return line.find(" rw") != std::string::npos;
  }
  return false;
}

TEST(DetourTest, FunctionDoesTheSameByItAndIsAsBeforeAfterwards) {
  auto* code = reinterpret_cast<const uint8_t*>(&rtprof_test_adder);
  std::string before(reinterpret_cast<const char*>(code), 16);
  Detour detour;
  for (int i = 0; i < 3; ++i) {
    Answer answer = detour.prepare(reinterpret_cast<uintptr_t>(code), rtprof_test_landing);
    ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.text;
    rtprof_test_continuation = detour.continuation();
    rtprof_test_landings = 0;
    EXPECT_EQ(rtprof_test_adder(1), 2);
    EXPECT_EQ(rtprof_test_landings, 0);
    ASSERT_EQ(detour.enable().refusal, Refusal::kNone);
    EXPECT_FALSE(code_can_be_written(code));
    EXPECT_EQ(before.substr(1), std::string(reinterpret_cast<const char*>(code + 1), 15));
    EXPECT_EQ(rtprof_test_adder(1), 2);
    EXPECT_EQ(rtprof_test_adder(41), 42);
    EXPECT_EQ(rtprof_test_landings, 2);
    detour.disable();
    EXPECT_EQ(before, std::string(reinterpret_cast<const char*>(code), 16));
    EXPECT_FALSE(code_can_be_written(code));
    EXPECT_EQ(rtprof_test_adder(2), 3);
    EXPECT_EQ(rtprof_test_landings, 2);
  }
}

TEST(DetourTest, CodeThatBeginsInAnotherWayIsLeftAlone) {
  alignas(16) static std::array<uint8_t, 16> code{0xcc, 0x90};
  Detour detour;
  auto function = reinterpret_cast<uintptr_t>(code.data());
  EXPECT_EQ(detour.prepare(function, rtprof_test_landing).refusal, Refusal::kOccupied);
  code[0] = 0x8b;
  EXPECT_EQ(detour.prepare(function, rtprof_test_landing).refusal, Refusal::kMissing);
  detour.disable();
  EXPECT_EQ(code[0], 0x8b);
}

TEST(DetourTest, FirstInstructionsAreMeasured) {
  struct Case {
    size_t length;
    std::array<uint8_t, 8> code;
  };
  for (const Case& each :
       {Case{4, {0xf3, 0x0f, 0x1e, 0xfa, 0x55}}, Case{1, {0x55, 0x48, 0x89, 0xe5}}, Case{2, {0x41, 0x57}},
        Case{4, {0x48, 0x83, 0xec, 0x18}}, Case{7, {0x48, 0x81, 0xec, 0x18, 1}},
        Case{5, {0x48, 0x89, 0x5c, 0x24, 0xf0}}, Case{1, {0xc3}}, Case{2, {0xf3, 0xc3}},
        // mov rax, [rip + 4]; jmp; lea rax, [rip + 4]; jne
        Case{0, {0x48, 0x8b, 0x05, 4}}, Case{0, {0xe9}}, Case{0, {0x48, 0x8d, 0x05, 4}},
        Case{0, {0x75, 4}}}) {
    EXPECT_EQ(first_instruction(each.code.data()), each.length)
        << int{each.code[0]} << " " << int{each.code[1]};
  }
}

}  // namespace
}  // namespace rtprof::agents::jvm
