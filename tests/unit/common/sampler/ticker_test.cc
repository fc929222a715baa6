#include "common/sampler/ticker.h"

#include <gtest/gtest.h>

namespace rtprof {
namespace {

constexpr Nanoseconds kPeriod = 10 * kMillisecond;

TEST(Ticker, KeepsTheMeanRateInSpiteOfJitter) {
  Ticker ticker(kPeriod, 1000);
  TimePoint now = 1000;
  constexpr int kTicks = 10'000;
  bool jittered = false;
  for (int i = 1; i <= kTicks; ++i) {
    ASSERT_EQ(ticker.advance(now), 0U);
    Nanoseconds off = ticker.next() - (1000 + i * kPeriod);
    EXPECT_LE(std::abs(off), kPeriod / 4);
    jittered = jittered || off != 0;
    now = ticker.next();
    ASSERT_TRUE(ticker.due(now));
  }
  EXPECT_TRUE(jittered);
}

TEST(Ticker, CountsWhatItMissed) {
  Ticker ticker(kPeriod, 0);
  EXPECT_EQ(ticker.advance(0), 0U);
  TimePoint late = 5 * kPeriod + kPeriod / 2;
  EXPECT_EQ(ticker.advance(late), 3U);
  EXPECT_GT(ticker.next(), late - kPeriod);
  EXPECT_LT(ticker.next(), late + 2 * kPeriod);
}

}  // namespace
}  // namespace rtprof
