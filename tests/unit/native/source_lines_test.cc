#include "native/source_lines.h"

#include <gtest/gtest.h>

#include "tests/unit/native/fixtures.h"

namespace rtprof::native {
namespace {

// The frames of the first address in the function that has as many.
std::vector<SourceFrame> frames_of(SourceLines& lines, const std::string& function, size_t count) {
  auto elf = ElfFile::open(fixture_path("symbols.so"));
  auto symbol = elf ? elf->symbol(function) : std::nullopt;
  for (uint64_t at = 0; symbol && at < symbol->size; ++at) {
    std::vector<SourceFrame> frames = lines.find(symbol->address + at);
    if (frames.size() == count) return frames;
  }
  return {};
}

void expect_inlined(const std::string& path) {
  SourceLines lines(binary_of(path));
  std::vector<SourceFrame> frames = frames_of(lines, "fixture_outer", 3);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].function, "fixture::innermost");
  EXPECT_EQ(frames[1].function, "fixture::inner");
  EXPECT_EQ(frames[1].line, fixture_line("inner"));
  EXPECT_EQ(frames[2].function, "fixture_outer");
  EXPECT_EQ(frames[2].line, fixture_line("outer"));
  EXPECT_EQ(frames[2].start_line, fixture_line("outer") - 1);
  // As the compiler was told it, which need not be a whole path.
  for (const SourceFrame& frame : frames) EXPECT_TRUE(frame.file.ends_with("/tests/fixtures/symbols.cc"));
}

TEST(SourceLines, InlinedFunctionsInnermostFirst) {
  expect_inlined(fixture_path("symbols.so"));
}

TEST(SourceLines, OfTheSeparateDebugFile) {
  expect_inlined(fixture_path("symbols_linked.so"));
}

TEST(SourceLines, TheLineOfTheInnermost) {
  SourceLines lines(binary_of(fixture_path("symbols.so")));
  auto elf = ElfFile::open(fixture_path("symbols.so"));
  ASSERT_TRUE(elf);
  auto symbol = elf->symbol("fixture_outer");
  ASSERT_TRUE(symbol);
  bool found = false;
  for (uint64_t at = 0; at < symbol->size; ++at) {
    std::vector<SourceFrame> frames = lines.find(symbol->address + at);
    ASSERT_FALSE(frames.empty());
    EXPECT_LE(frames.size(), 3U);
    if (frames.size() == 3 && frames[0].line == fixture_line("innermost")) found = true;
  }
  EXPECT_TRUE(found);
}

TEST(SourceLines, NamesMethodsAsTheSymbolsDo) {
  SourceLines lines(binary_of(fixture_path("symbols.so")));
  auto frames = lines.find(fixture_address("_ZNK7fixture5Shape5scaleIlEET_S2_"));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].function, "fixture::Shape::scale<long>");
}

TEST(SourceLines, NothingWhereThereIsNone) {
  SourceLines stripped(binary_of(fixture_path("symbols_stripped.so")));
  EXPECT_TRUE(stripped.find(fixture_address("fixture_outer")).empty());
  SourceLines lines(binary_of(fixture_path("symbols.so")));
  EXPECT_TRUE(lines.find(0).empty());
  EXPECT_TRUE(lines.find(UINT64_MAX).empty());
  SourceLines no_file(binary_of("/no/such/file"));
  EXPECT_TRUE(no_file.find(4096).empty());
}

}  // namespace
}  // namespace rtprof::native
