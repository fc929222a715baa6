#include "common/base/parse.h"

#include <gtest/gtest.h>

namespace rtprof {
namespace {

TEST(ParseDuration, TakesSecondsWithoutAUnit) {
  EXPECT_EQ(parse_duration("5"), 5 * kSecond);
  EXPECT_EQ(parse_duration("2.5"), 2500 * kMillisecond);
  EXPECT_EQ(parse_duration("0"), 0);
}

TEST(ParseDuration, TakesUnitsInAnyCase) {
  EXPECT_EQ(parse_duration("500ms"), 500 * kMillisecond);
  EXPECT_EQ(parse_duration("10us"), 10 * kMicrosecond);
  EXPECT_EQ(parse_duration("7ns"), 7);
  EXPECT_EQ(parse_duration("2M"), 120 * kSecond);
  EXPECT_EQ(parse_duration("1h"), 3600 * kSecond);
}

TEST(ParseDuration, RefusesWhatIsNotOne) {
  for (const char* text : {"", "s", "5 s", "-1", "-0", "1e3", "nan", "inf", "5x", "5ss", "99999999999999h"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(ParseRate, TakesThousandsAndHertz) {
  EXPECT_EQ(parse_rate("99"), 99);
  EXPECT_EQ(parse_rate("1k"), 1000);
  EXPECT_EQ(parse_rate("100khz"), 100'000);
  EXPECT_EQ(parse_rate("250Hz"), 250);
}

TEST(ParseRate, RefusesZeroAndText) {
  for (const char* text : {"", "0", "0hz", "fast", "-5", "10 hz"}) {
    EXPECT_EQ(parse_rate(text), std::nullopt) << text;
  }
}

TEST(ParseBytes, TakesPowersOfTwo) {
  EXPECT_EQ(parse_bytes("4096"), 4096U);
  EXPECT_EQ(parse_bytes("512k"), 512U << 10);
  EXPECT_EQ(parse_bytes("64KiB"), 64U << 10);
  EXPECT_EQ(parse_bytes("2g"), 2ULL << 30);
  EXPECT_EQ(parse_bytes("-1"), std::nullopt);
  EXPECT_EQ(parse_bytes("1t"), std::nullopt);
}

TEST(ParsePercent, TakesSharesUpToAll) {
  EXPECT_DOUBLE_EQ(parse_percent("10%").value(), 0.1);
  EXPECT_DOUBLE_EQ(parse_percent("2.5").value(), 0.025);
  EXPECT_DOUBLE_EQ(parse_percent("100%").value(), 1);
  EXPECT_EQ(parse_percent("101%"), std::nullopt);
  EXPECT_EQ(parse_percent("%"), std::nullopt);
}

}  // namespace
}  // namespace rtprof
