#include "jvm/class_fields.h"

#include <gtest/gtest.h>

namespace rtprof::jvm {
namespace {

using Fields = std::optional<std::vector<RecordedField>>;

void append(std::vector<uint8_t>& records, std::initializer_list<uint16_t> slots) {
  for (uint16_t slot : slots) {
    records.push_back(static_cast<uint8_t>(slot));
    records.push_back(static_cast<uint8_t>(slot >> 8));
  }
}

// A number of one digit, as HotSpot writes it from JDK 20 on.
constexpr uint8_t digit(uint8_t value) {
  return value + 1;
}

TEST(FieldsInArray, HaveNamesAndOffsets) {
  std::vector<uint8_t> records;
  append(records, {0x2, 7, 8, 0, 12 << 2 | 1, 0});
  append(records, {0x8, 9, 8, 0, 0x0001, 1});
  append(records, {0x0, 1, 1, 0, 16 << 2 | 1, 0});  // HotSpot's own
  EXPECT_EQ(fields_in_array(records, 2), (Fields{{{7, 12, false}, {9, 1 << 14, true}}}));
  EXPECT_EQ(fields_in_array(records, 0), Fields{std::in_place});
}

TEST(FieldsInArray, AreNoneOfAClassThatIsBeingLoaded) {
  std::vector<uint8_t> records;
  append(records, {0x2, 7, 8, 0, 0, 0});
  EXPECT_EQ(fields_in_array(records, 1), std::nullopt);
}

TEST(FieldsInArray, HaveToBeThere) {
  std::vector<uint8_t> records;
  append(records, {0x2, 7, 8, 0, 12 << 2 | 1, 0});
  EXPECT_EQ(fields_in_array(records, 2), std::nullopt);
  EXPECT_EQ(fields_in_array(records, SIZE_MAX), std::nullopt);
  std::vector<uint8_t> nameless;
  append(nameless, {0x2, 0, 8, 0, 12 << 2 | 1, 0});
  EXPECT_EQ(fields_in_array(nameless, 1), std::nullopt);
}

TEST(FieldsInStream, HaveNamesAndOffsets) {
  const uint8_t stream[] = {
      digit(2),  digit(1),                                    // fields, and those HotSpot has added
      digit(7),  digit(8),  digit(12),  digit(2),  digit(0),  // plain
      digit(9),  digit(8),  digit(180), digit(24), digit(1 | 2 | 4 | 16),  // static
      digit(40), digit(41), digit(42),  // its initial value, generic signature and contention group
      digit(3),  digit(4),  digit(16),  digit(0),  digit(2),
      0};
  EXPECT_EQ(fields_in_stream(stream), (Fields{{{7, 12, false}, {9, 180, true}}}));
}

TEST(FieldsInStream, CanBeFarFromTheBegin) {
  // 191 + 64 · n is two digits.
  const uint8_t stream[] = {digit(1), digit(0), digit(7), digit(8), 192 + 1, digit(2), digit(0), digit(0), 0};
  EXPECT_EQ(fields_in_stream(stream), (Fields{{{7, 192 + 2 * 64, false}}}));
}

TEST(FieldsInStream, HaveToBeThere) {
  const uint8_t cut[] = {digit(1), digit(0), digit(7), digit(8), digit(12)};
  EXPECT_EQ(fields_in_stream(cut), std::nullopt);
  EXPECT_EQ(fields_in_stream({}), std::nullopt);
  const uint8_t nowhere[] = {digit(1), digit(0), digit(7), digit(8), digit(0), digit(0), digit(0)};
  EXPECT_EQ(fields_in_stream(nowhere), std::nullopt);
}

}  // namespace
}  // namespace rtprof::jvm
