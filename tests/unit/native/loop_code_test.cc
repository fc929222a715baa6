#include "native/loop_code.h"

#include <gtest/gtest.h>

#include "tests/unit/native/fixtures.h"

namespace rtprof::native {
namespace {

// tests/fixtures/loop.c. The file with .symtab tells where its functions are, and their parts.
uint64_t address_of(const std::string& function) {
  return fixture_address(function, "loop.so");
}

TEST(LoopCode, FindsTheFunctionAndItsColdPartWithoutSymbolsForIt) {
  auto stripped = binary_of(fixture_path("loop_stripped.so"));
  ASSERT_FALSE(stripped->open_elf()->symbol("loop.cold"));
  LoopCode loop("loop");
  EXPECT_TRUE(loop.contains({stripped, address_of("loop")}));
  EXPECT_TRUE(loop.contains({stripped, address_of("loop.cold")}));
  EXPECT_FALSE(loop.contains({stripped, address_of("often")}));
  EXPECT_FALSE(loop.contains({stripped, address_of("seldom")}));
}

TEST(LoopCode, NothingContainsItWhereTheFunctionIsNot) {
  auto stripped = binary_of(fixture_path("loop_stripped.so"));
  LoopCode loop("no_such_function");
  EXPECT_FALSE(loop.contains({stripped, address_of("loop")}));
  EXPECT_FALSE(loop.contains({nullptr, address_of("loop")}));
}

}  // namespace
}  // namespace rtprof::native
