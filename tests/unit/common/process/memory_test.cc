#include "common/process/memory.h"

#include <gtest/gtest.h>

#include "tests/unit/fake_memory.h"

namespace rtprof {
namespace {

TEST(MemoryTest, ReadsStringsUpToTheEndOfAPage) {
  test::FakeMemory memory;
  memory.map(0x1000, 0x1000);
  memory.put(0x1ffc, std::string_view("abc\0", 4));
  EXPECT_EQ(memory.c_string(0x1ffc), "abc");
  EXPECT_EQ(memory.c_string(0x1ffc, 2), "ab");
  memory.put(0x1ffc, std::string_view("abcd", 4));
  EXPECT_EQ(memory.c_string(0x1ffc), std::nullopt);
}

}  // namespace
}  // namespace rtprof
