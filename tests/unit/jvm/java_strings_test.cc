#include "jvm/java_strings.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rtprof::jvm {
namespace {

std::vector<uint8_t> utf16(const std::u16string& text) {
  std::vector<uint8_t> bytes;
  for (char16_t unit : text) {
    bytes.push_back(static_cast<uint8_t>(unit));
    bytes.push_back(static_cast<uint8_t>(unit >> 8));
  }
  return bytes;
}

TEST(JavaStrings, OfOneByteACharacter) {
  const uint8_t bytes[] = {'f', 0xe4, 'h', 'r', 't', 0xff};
  EXPECT_EQ(utf8_of_latin1(bytes), "fährtÿ");
  EXPECT_EQ(utf8_of_latin1({}), "");
}

TEST(JavaStrings, OfTwoBytesACharacter) {
  EXPECT_EQ(utf8_of_utf16(utf16(u"aé日本🚀!")), "aé日本🚀!");
  EXPECT_EQ(utf8_of_utf16({}), "");
}

TEST(JavaStrings, HalvesOfPairsAreReplaced) {
  EXPECT_EQ(utf8_of_utf16(utf16({u'a', 0xd83d, u'b'})), "a\uFFFDb");
  EXPECT_EQ(utf8_of_utf16(utf16({0xde80, u'b'})), "\uFFFDb");
  EXPECT_EQ(utf8_of_utf16(utf16({u'a', 0xd83d})), "a\uFFFD");
}

TEST(JavaStrings, AnOddByteIsLeftOut) {
  const uint8_t bytes[] = {'a', 0, 'b'};
  EXPECT_EQ(utf8_of_utf16(bytes), "a");
}

}  // namespace
}  // namespace rtprof::jvm
