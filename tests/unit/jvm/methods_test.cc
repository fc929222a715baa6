#include "jvm/methods.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/fake_memory.h"
#include "tests/unit/jvm/hotspot.h"

namespace rtprof::jvm {
namespace {

class MethodsTest : public testing::Test {
 protected:
  static constexpr Address kMethod = 0x1000;
  static constexpr Address kConstMethod = 0x2000;
  static constexpr Address kPool = 0x3000;
  static constexpr Address kTags = 0x4000;
  static constexpr Address kHolder = 0x5000;

  MethodsTest() {
    next_batch();
    for (Address address : {kMethod, kConstMethod, kPool, kTags, kHolder}) memory_.map(address, 256);
    memory_.set(kMethod + 8, kConstMethod);
    memory_.set(kConstMethod + 8, kPool);
    memory_.set(kConstMethod + 18, uint16_t{4});
    memory_.set(kConstMethod + 20, uint16_t{1});
    memory_.set(kConstMethod + 22, uint16_t{2});
    memory_.set(kPool + 8, kTags);
    memory_.set(kPool + 16, kHolder);
    memory_.set(kPool + 24, int32_t{3});
    memory_.set(kTags + 4 + 1, uint8_t{1});
    memory_.set(kTags + 4 + 2, uint8_t{1});
    symbol(0x6000, "get");
    symbol(0x6100, "()V");
    symbol(0x6200, "java/util/Map");
    memory_.set(kPool + 32 + 8, Address{0x6000});
    memory_.set(kPool + 32 + 16, Address{0x6100});
    memory_.set(kHolder + 24, Address{0x6200});
  }

  void symbol(Address address, std::string_view text) {
    memory_.map(address, 64);
    memory_.set(address + 4, static_cast<uint16_t>(text.size()));
    memory_.put(address + 6, text);
  }
  std::string name() {
    const JavaMethod* method = methods_.find(kMethod);
    return method == nullptr ? "none" : method->name;
  }

  test::FakeMemory memory_;
  Layout layout_ = test::hotspot_17_layout();
  void next_batch(bool readable = true) { methods_.begin_batch(readable, now_ += 100 * kMillisecond); }

  TimePoint now_ = kSecond;
  Methods methods_{memory_, layout_};
};

TEST_F(MethodsTest, HaveTheNameOfTheirClass) {
  EXPECT_EQ(name(), "java/util/Map.get");
}

TEST_F(MethodsTest, HaveTheirSignatureWhereItIsAskedFor) {
  Methods methods(memory_, layout_, true);
  methods.begin_batch(true, now_);
  const JavaMethod* method = methods.find(kMethod);
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->name, "java/util/Map.get()V");
}

TEST_F(MethodsTest, AreLookedAtAgain) {
  EXPECT_EQ(name(), "java/util/Map.get");
  symbol(0x6300, "put");
  memory_.set(kPool + 32 + 8, Address{0x6300});
  EXPECT_EQ(name(), "java/util/Map.get") << "within a batch nothing is";
  next_batch();
  EXPECT_EQ(name(), "none") << "it may have been either meanwhile";
  for (int batch = 0; batch < 3; ++batch) next_batch();
  EXPECT_EQ(name(), "java/util/Map.put");
}

TEST_F(MethodsTest, AreAnotherWhenASymbolsPlaceIsUsedAgain) {
  EXPECT_EQ(name(), "java/util/Map.get");
  memory_.put(0x6000 + 6, "set");
  next_batch();
  EXPECT_EQ(name(), "none");
}

TEST_F(MethodsTest, AreKeptWhenTheProcessHasEnded) {
  EXPECT_EQ(name(), "java/util/Map.get");
  memory_.unmap(kMethod);
  next_batch(false);
  EXPECT_EQ(name(), "java/util/Map.get");
}

// A line for each of 400 bytecodes, in a table that ends right before memory that is not there.
TEST_F(MethodsTest, HaveLinesBehindTheFirstPieceOfTheirTable) {
  std::vector<uint8_t> table{0xff, 0, 20};
  for (int bytecode = 1; bytecode < 400; ++bytecode) table.push_back(1 << 3 | 1);
  table.push_back(0);
  JavaMethod method;
  method.const_method = 0xa0000 - layout_.const_method_bytes - table.size() - 400;
  method.code_bytes = 400;
  method.has_line_numbers = true;
  memory_.put(method.const_method + layout_.const_method_bytes + method.code_bytes, table);
  EXPECT_EQ(methods_.line_of(method, 0), 10);
  EXPECT_EQ(methods_.line_of(method, 399), 409);
  EXPECT_EQ(methods_.line_of(method, 250), 260);
}

TEST_F(MethodsTest, WhatIsNoneIsNone) {
  EXPECT_EQ(methods_.find(0), nullptr);
  EXPECT_EQ(methods_.find(kMethod + 1), nullptr);
  EXPECT_EQ(methods_.find(0x999000), nullptr);
  memory_.set(kTags + 4 + 1, uint8_t{7});
  EXPECT_EQ(name(), "none") << "its name is no text";
}

TEST_F(MethodsTest, NamesBeyondThePoolAreNone) {
  memory_.set(kConstMethod + 20, uint16_t{3});
  EXPECT_EQ(name(), "none");
}

}  // namespace
}  // namespace rtprof::jvm
