#include "cli/columns.h"

#include <gtest/gtest.h>

#include <clocale>

namespace rtprof::cli {
namespace {

struct Columns : testing::Test {
  void SetUp() override { std::setlocale(LC_CTYPE, "C.UTF-8"); }
  void TearDown() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(Columns, WidthIsThatOfTheTerminal) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("été"), 3U);
  EXPECT_EQ(display_width("名前"), 4U);
}

TEST_F(Columns, ShortTextIsFilled) {
  EXPECT_EQ(fit_start("ab", 4), "ab  ");
  EXPECT_EQ(fit_end("ab", 4), "ab  ");
  EXPECT_EQ(fit_start("abcd", 4), "abcd");
  EXPECT_EQ(fit_end("", 2), "  ");
}

TEST_F(Columns, LongTextIsCut) {
  EXPECT_EQ(fit_start("abcdef", 4), "abc…");
  EXPECT_EQ(fit_end("abcdef", 4), "…def");
  EXPECT_EQ(fit_start("abc", 1), "…");
  EXPECT_EQ(fit_end("abc", 1), "…");
  EXPECT_EQ(fit_start("abc", 0), "");
  EXPECT_EQ(fit_end("abc", 0), "");
}

TEST_F(Columns, WideCharactersAreNeverHalved) {
  EXPECT_EQ(fit_start("名前名前", 4), "名… ");
  EXPECT_EQ(fit_end("名前名前", 4), "…前 ");
  EXPECT_EQ(display_width(fit_start("名前名前", 6)), 6U);
}

TEST_F(Columns, TruncatedBytesDoNoHarm) {
  EXPECT_EQ(display_width("\xe5\x90"), 1U);
  EXPECT_EQ(fit_start("a\xf0", 3), "a\xf0 ");
}

}  // namespace
}  // namespace rtprof::cli
