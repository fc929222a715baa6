#include "common/sampler/time_ledger.h"

#include <gtest/gtest.h>

#include <random>

namespace rtprof {
namespace {

constexpr Nanoseconds kMs = kMillisecond;

TEST(TimeLedger, SplitsElapsedTime) {
  TimeLedger ledger({5 * kMs, 2 * kMs, 7}, 100 * kMs);
  ledger.look({8 * kMs, 3 * kMs, 9}, 110 * kMs, false);
  EXPECT_EQ(ledger.running(), 3 * kMs);
  EXPECT_EQ(ledger.runnable(), 1 * kMs);
  EXPECT_EQ(ledger.other(), 6 * kMs);
  EXPECT_EQ(ledger.looked(), 110 * kMs);
}

TEST(TimeLedger, TimeIsHandedOverOnce) {
  TimeLedger ledger({}, 0);
  ledger.look({2 * kMs, 1 * kMs, 1}, 10 * kMs, false);
  EXPECT_EQ(ledger.take_running(), 2 * kMs);
  EXPECT_EQ(ledger.take_running(), 0);
  EXPECT_EQ(ledger.take_runnable(), 1 * kMs);
  EXPECT_EQ(ledger.take_other(4 * kMs), 4 * kMs);
  EXPECT_EQ(ledger.take_other(10 * kMs), 3 * kMs);
}

TEST(TimeLedger, AThreadOnACpuRunsAlthoughTheKernelHasNotCountedYet) {
  TimeLedger ledger({}, 0);
  for (int i = 1; i <= 3; ++i) ledger.look({}, i * kMs, true);
  EXPECT_EQ(ledger.running(), 3 * kMs);
  EXPECT_EQ(ledger.other(), 0);
  // The timer tick counts all of it at once.
  ledger.look({4 * kMs, 0, 0}, 4 * kMs, true);
  EXPECT_EQ(ledger.running(), 4 * kMs);
}

TEST(TimeLedger, AThreadThatIsNotCountedForLongIsNotOnACpu) {
  TimeLedger ledger({}, 0);
  for (int i = 1; i <= 30; ++i) ledger.look({}, i * kMs, true);
  EXPECT_EQ(ledger.running(), 10 * kMs);
  EXPECT_EQ(ledger.other(), 20 * kMs);
  // It had run for 3 ms, and waited for the rest.
  ledger.look({3 * kMs, 27 * kMs, 1}, 31 * kMs, false);
  EXPECT_EQ(ledger.runnable(), 21 * kMs);
  ledger.look({10 * kMs, 27 * kMs, 1}, 41 * kMs, false);
  EXPECT_EQ(ledger.running(), 10 * kMs);
  EXPECT_EQ(ledger.runnable(), 27 * kMs);
}

TEST(TimeLedger, WhatTheKernelCountsLateFindsItsPlace) {
  TimeLedger ledger({}, 0);
  ledger.look({}, 10 * kMs, false);
  EXPECT_EQ(ledger.other(), 10 * kMs);
  // A wait for a CPU of 8 ms ended 1 ms after the look.
  ledger.look({0, 8 * kMs, 1}, 11 * kMs, false);
  EXPECT_EQ(ledger.runnable(), 8 * kMs);
  EXPECT_EQ(ledger.other(), 3 * kMs);
}

TEST(TimeLedger, MoreCpuTimeThanElapsedIsKeptForLater) {
  TimeLedger ledger({}, 0);
  ledger.look({5 * kMs, 0, 1}, 2 * kMs, false);
  EXPECT_EQ(ledger.running(), 2 * kMs);
  ledger.look({5 * kMs, 0, 1}, 10 * kMs, false);
  EXPECT_EQ(ledger.running(), 5 * kMs);
  EXPECT_EQ(ledger.other(), 5 * kMs);
}

TEST(TimeLedger, AlwaysAddsUpToElapsedTime) {
  std::mt19937 random(3);
  TimeLedger ledger({}, 0);
  ThreadTimes times;
  TimePoint now = 0;
  Nanoseconds taken = 0;
  Nanoseconds running = 0;
  for (int i = 0; i < 10000; ++i) {
    now += static_cast<Nanoseconds>(random() % 1000);
    if (random() % 3 == 0) times.cpu += static_cast<Nanoseconds>(random() % 1500);
    if (random() % 5 == 0) times.waited += static_cast<Nanoseconds>(random() % 900);
    ledger.look(times, now, random() % 2 == 0);
    ASSERT_GE(ledger.other(), 0);
    if (random() % 4 == 0) {
      Nanoseconds now_running = ledger.take_running();
      running += now_running;
      taken += now_running + ledger.take_runnable() + ledger.take_other(ledger.other());
    }
    ASSERT_EQ(taken + ledger.running() + ledger.runnable() + ledger.other(), now);
  }
}

TEST(TimeLedger, RunningAddsUpToCountedCpuTime) {
  std::mt19937 random(4);
  TimeLedger ledger({}, 0);
  ThreadTimes times;
  Nanoseconds now = 0;
  // Half of the time on a CPU; the kernel counts every 4 ms or when the thread leaves its CPU.
  Nanoseconds cpu = 0;
  for (int i = 0; i < 20000; ++i) {
    bool on_cpu = i / 10 % 2 == 0;
    now += kMs / 4;
    if (on_cpu) cpu += kMs / 4;
    bool counts = !on_cpu || i % 16 == 0;
    ThreadTimes before = times;
    if (counts) times.cpu = cpu;
    bool unchanged = times == before;
    ledger.look(times, now, unchanged && on_cpu);
  }
  EXPECT_NEAR(static_cast<double>(ledger.running()), static_cast<double>(cpu),
              1e-3 * static_cast<double>(cpu));
}

}  // namespace
}  // namespace rtprof
