#include "python/line_table.h"

#include <gtest/gtest.h>

#include <vector>

#include "python/layout.h"
#include "tests/unit/python/fake_python.h"

namespace rtprof {
namespace {

struct Range {
  int32_t start;  // bytes
  int32_t end;
  int32_t line;  // 0: none
};

struct Sample {
  int minor;
  const char* code;
  int32_t first_line;
  std::vector<uint8_t> table;
  std::vector<Range> lines;
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> kSamples = {
#include "tests/unit/python/line_tables.inc"
  };
  return kSamples;
}

TEST(LineTable, SaysWhatTheInterpreterSays) {
  int without_line = 0;
  for (const Sample& sample : samples()) {
    LineTableFormat format = test::layout_of_minor(sample.minor).line_table;
    for (const Range& range : sample.lines) {
      if (range.line == 0) ++without_line;
      for (int32_t offset = range.start; offset < range.end; ++offset) {
        ASSERT_EQ(line_of(format, sample.table, sample.first_line, offset), range.line)
            << sample.code << " of 3." << sample.minor << " at " << offset;
      }
    }
  }
  EXPECT_GT(without_line, 0);
}

TEST(LineTable, EveryVersionHasSamplesWithStepsBack) {
  for (int minor = 8; minor <= 15; ++minor) {
    bool back = false;
    for (const Sample& sample : samples()) {
      if (sample.minor != minor) continue;
      for (size_t i = 1; i < sample.lines.size(); ++i) {
        if (sample.lines[i].line != 0 && sample.lines[i].line < sample.lines[i - 1].line) back = true;
      }
    }
    EXPECT_TRUE(back) << "3." << minor;
  }
}

TEST(LineTable, BeforeTheFirstInstructionIsTheFirstLine) {
  const std::vector<uint8_t> table = {2, 1, 2, 1};
  for (auto format : {LineTableFormat::kLnotab, LineTableFormat::kLineTable, LineTableFormat::kLocations}) {
    EXPECT_EQ(line_of(format, table, 7, -1), 7);
    EXPECT_EQ(line_of(format, table, 7, -2), 7);
  }
}

TEST(LineTable, BeyondTheTableIsNoLine) {
  EXPECT_EQ(line_of(LineTableFormat::kLineTable, std::vector<uint8_t>{2, 1}, 7, 2), 0);
  EXPECT_EQ(line_of(LineTableFormat::kLocations, std::vector<uint8_t>{0x80 | 11 << 3, 0, 0}, 7, 0), 8);
  EXPECT_EQ(line_of(LineTableFormat::kLocations, std::vector<uint8_t>{0x80 | 11 << 3, 0, 0}, 7, 2), 0);
  EXPECT_EQ(line_of(LineTableFormat::kLineTable, {}, 7, 0), 0);
  EXPECT_EQ(line_of(LineTableFormat::kLocations, {}, 7, 0), 0);
}

// An lnotab has no end: its last line goes on, and a code object of one line has an empty table.
TEST(LineTable, LnotabGoesOn) {
  EXPECT_EQ(line_of(LineTableFormat::kLnotab, {}, 7, 1000), 7);
  EXPECT_EQ(line_of(LineTableFormat::kLnotab, std::vector<uint8_t>{2, 3}, 7, 1000), 10);
}

TEST(LineTable, TakesTablesOfAnyLength) {
  constexpr int kLines = 1'000'000;
  std::vector<uint8_t> pairs;
  std::vector<uint8_t> locations;
  for (int i = 0; i < kLines; ++i) {
    pairs.insert(pairs.end(), {2, 1});
    locations.insert(locations.end(), {0x80 | 11 << 3, 1, 2});
  }
  constexpr int64_t kLast = (kLines - 1) * 2;
  EXPECT_EQ(line_of(LineTableFormat::kLnotab, pairs, 1, kLast), kLines);
  EXPECT_EQ(line_of(LineTableFormat::kLineTable, pairs, 1, kLast), kLines + 1);
  EXPECT_EQ(line_of(LineTableFormat::kLocations, locations, 1, kLast), kLines + 1);
}

TEST(LineTable, LongStepsOfLocations) {
  // Kind 13: a signed number in groups of six bits. 1000 is 2000 with its sign, 0b11111'010000.
  std::vector<uint8_t> forwards = {0x80 | 13 << 3, 0x40 | 0b010000, 0b11111};
  EXPECT_EQ(line_of(LineTableFormat::kLocations, forwards, 5, 0), 1005);
  std::vector<uint8_t> backwards = {0x80 | 13 << 3, 0x40 | 0b010001, 0b11111};
  EXPECT_EQ(line_of(LineTableFormat::kLocations, backwards, 5000, 0), 4000);
  // What leads below the first line of a file is no line.
  EXPECT_EQ(line_of(LineTableFormat::kLocations, backwards, 5, 0), 0);
}

TEST(LineTable, EndsWithATableThatIsCutShort) {
  std::vector<uint8_t> number = {0x80 | 14 << 3, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f};
  line_of(LineTableFormat::kLocations, number, 1, 0);
  EXPECT_EQ(line_of(LineTableFormat::kLnotab, std::vector<uint8_t>{2}, 1, 4), 1);
  EXPECT_EQ(line_of(LineTableFormat::kLineTable, std::vector<uint8_t>{2}, 1, 0), 0);
}

}  // namespace
}  // namespace rtprof
