#include "native/cpu_account.h"

#include <gtest/gtest.h>

namespace rtprof::native {
namespace {

constexpr Nanoseconds kPeriod = 10 * kMillisecond;

class CpuAccountTest : public testing::Test {
 protected:
  CpuAccountTest() { account_.start(clock_); }

  // Ten samples, in which the clock has gone on by more than they stand for.
  Nanoseconds batch(Nanoseconds more) {
    clock_ += 10 * kPeriod + more;
    account_.begin_batch(clock_);
    Nanoseconds sum = 0;
    for (int i = 0; i < 10; ++i) sum += account_.weigh(kPeriod);
    return sum;
  }

  Nanoseconds clock_ = kSecond;
  CpuAccount account_;
};

TEST_F(CpuAccountTest, LeavesAloneWhatAddsUp) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(batch(0), 10 * kPeriod);
}

TEST_F(CpuAccountTest, MakesUpForWhatEventsDoNotCount) {
  constexpr int kBatches = 100;
  Nanoseconds begun = clock_;
  Nanoseconds sum = 0;
  for (int i = 0; i < kBatches; ++i) sum += batch(4 * kMillisecond);
  EXPECT_NEAR(static_cast<double>(sum) / static_cast<double>(clock_ - begun), 1, 0.003);
}

TEST_F(CpuAccountTest, MakesUpForALittleAtATime) {
  batch(-kSecond);
  EXPECT_EQ(batch(0), 9 * kPeriod) << "at most a tenth less";
  batch(3 * kSecond);
  EXPECT_EQ(batch(0), 11 * kPeriod) << "at most a tenth more";
}

}  // namespace
}  // namespace rtprof::native
