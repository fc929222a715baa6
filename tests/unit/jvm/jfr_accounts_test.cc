#include "jvm/jfr_accounts.h"

#include <gtest/gtest.h>

#include <vector>

namespace rtprof::jvm {
namespace {

using Activity = JfrAccounts::Activity;
using Missing = JfrAccounts::Missing;
using Part = JfrAccounts::Part;

constexpr Nanoseconds kPeriod = 10 * kMillisecond;

class JfrAccountsTest : public testing::Test {
 protected:
  // Of all parts that are like that.
  template <typename Like>
  Nanoseconds time_of(const Like& like) const {
    Nanoseconds time = 0;
    for (const Part& part : parts) time += like(part) ? part.time : 0;
    return time;
  }
  Nanoseconds time_at(uint32_t stack) const {
    return time_of([&](const Part& part) { return part.missing == Missing::kNone && part.stack == stack; });
  }
  Nanoseconds missing(Missing missing) const {
    return time_of([&](const Part& part) { return part.missing == missing; });
  }
  void sample(int32_t thread, uint32_t stack, int count) {
    for (int i = 0; i < count; ++i) accounts.running(thread, stack, kSecond + i * kPeriod);
  }

  std::vector<Part> parts;
  const JfrAccounts::Emit emit = [this](const Part& part) { parts.push_back(part); };
  JfrAccounts accounts{kPeriod, true, kSecond};
};

TEST_F(JfrAccountsTest, SharesTheKernelsCpuTimeOutToSamples) {
  accounts.look(5, {.cpu = 100}, kSecond, false);
  sample(5, 1, 75);
  sample(5, 2, 25);
  accounts.look(5, {.cpu = 100 + kSecond}, 2 * kSecond, false);
  accounts.settle(emit);
  EXPECT_NEAR(static_cast<double>(time_at(1)), 75e7, 10);
  EXPECT_NEAR(static_cast<double>(time_at(2)), 25e7, 10);
  EXPECT_EQ(time_of([](const Part&) { return true; }), kSecond);
}

TEST_F(JfrAccountsTest, WhatHasTooFewSamplesIsMissing) {
  accounts.look(5, {}, kSecond, false);
  sample(5, 1, 20);
  accounts.look(5, {.cpu = kSecond}, 2 * kSecond, false);
  accounts.settle(emit);
  EXPECT_EQ(time_at(1), 20 * kPeriod * 3 / 2);
  EXPECT_EQ(missing(Missing::kNotSampled), kSecond - time_at(1));
}

TEST_F(JfrAccountsTest, SamplesOfThreadsThatHaveEndedStandForAnIntervalEach) {
  accounts.look(5, {}, kSecond, false);
  sample(6, 3, 40);
  accounts.look(5, {}, 2 * kSecond, false);
  accounts.settle(emit);
  EXPECT_EQ(time_at(3), 40 * kPeriod);
}

TEST_F(JfrAccountsTest, PartsOfAThreadAddUpToElapsedTime) {
  accounts.look(5, {}, kSecond, false);
  accounts.waited(5, Reason::kSleep, 7, 0, kSecond + 300 * kMillisecond, emit);
  EXPECT_EQ(time_at(7), 300 * kMillisecond) << "what was before the beginning is left out";
  sample(5, 1, 20);
  accounts.look(5, {.cpu = 200 * kMillisecond, .waited = 100 * kMillisecond}, 2 * kSecond, false);
  accounts.settle(emit);
  EXPECT_EQ(time_of([](const Part&) { return true; }), kSecond);
  EXPECT_EQ(time_of([](const Part& part) { return part.activity == Activity::kRunnable; }),
            100 * kMillisecond);
  EXPECT_EQ(missing(Missing::kNotRecorded), 400 * kMillisecond);
  parts.clear();
  accounts.waited(5, Reason::kSleep, 7, kSecond + 500 * kMillisecond, 3 * kSecond, emit);
  EXPECT_EQ(time_at(7), kSecond) << "the rest was accounted for";
}

TEST_F(JfrAccountsTest, WaitsInNativeMethodsAreTheirs) {
  accounts.look(5, {}, kSecond, false);
  accounts.in_native(5, 9, Reason::kNetwork, kSecond + 1);
  accounts.look(5, {}, 2 * kSecond, false);
  accounts.settle(emit);
  EXPECT_EQ(time_at(9), kSecond);
  EXPECT_EQ(parts.back().reason, Reason::kNetwork);
}

TEST_F(JfrAccountsTest, WhatCarriersRunIsOfVirtualThreads) {
  accounts.look(5, {}, kSecond, true);
  sample(-31, 1, 60);
  sample(5, 2, 20);
  accounts.look(5, {.cpu = 800 * kMillisecond}, 2 * kSecond, true);
  accounts.share_out(emit);
  EXPECT_EQ(time_at(1), 600 * kMillisecond);
  EXPECT_EQ(time_at(2), 200 * kMillisecond);
  EXPECT_EQ(parts.front().thread, -31);
}

}  // namespace
}  // namespace rtprof::jvm
