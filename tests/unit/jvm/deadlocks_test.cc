#include "jvm/deadlocks.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rtprof::jvm {
namespace {

using Holders = std::vector<std::optional<size_t>>;
using Cycles = std::vector<std::vector<size_t>>;

constexpr std::nullopt_t kNone = std::nullopt;

TEST(Cycles, AreFound) {
  EXPECT_EQ(find_cycles(Holders{1, 2, kNone}), Cycles{});
  EXPECT_EQ(find_cycles(Holders{1, 0}), (Cycles{{0, 1}}));
  EXPECT_EQ(find_cycles(Holders{3, kNone, 0, 2}), (Cycles{{0, 3, 2}}));
}

TEST(Cycles, DoNotHaveThoseThatWaitForThem) {
  EXPECT_EQ(find_cycles(Holders{1, 2, 3, 1, 0}), (Cycles{{1, 2, 3}}));
}

TEST(Cycles, CanBeSeveral) {
  EXPECT_EQ(find_cycles(Holders{1, 0, 3, 2, 2}), (Cycles{{0, 1}, {2, 3}}));
}

TEST(Cycles, AreOfSeveralThreads) {
  EXPECT_EQ(find_cycles(Holders{0, 7}), Cycles{});
}

// Two threads of a cycle, looked at as often as a test says.
struct Cycle {
  using Times = std::vector<std::optional<ThreadTimes>>;

  CycleLook look() {
    return {.times = [this] { return next(times, times_at); },
            .is_cycle = [this] { return next(seen, seen_at); }};
  }
  // The last one from then on.
  template <typename Value>
  static Value next(const std::vector<Value>& values, size_t& at) {
    return values[std::min(at++, values.size() - 1)];
  }

  std::vector<Times> times{kAsleep};
  std::vector<bool> seen{true};
  size_t times_at = 0;
  size_t seen_at = 0;

  static constexpr ThreadTimes kOne{.cpu = 5, .waited = 1, .slices = 3};
  static constexpr ThreadTimes kOther{.cpu = 6, .waited = 0, .slices = 4};
  static constexpr ThreadTimes kOtherLater{.cpu = 7, .waited = 0, .slices = 5};
  static inline const Times kAsleep{kOne, kOther};
  static inline const Times kRanMeanwhile{kOne, kOtherLater};
  static inline const Times kRuns{kOne, std::nullopt};
};

TEST(Deadlock, IsACycleOfThreadsThatSleep) {
  Cycle cycle;
  EXPECT_TRUE(is_deadlock(cycle.look()));
  EXPECT_EQ(cycle.seen_at, 2) << "read twice";
}

TEST(Deadlock, IsNoneWhereOneRuns) {
  Cycle cycle{.times = {Cycle::kRuns}};
  EXPECT_FALSE(is_deadlock(cycle.look()));
  EXPECT_EQ(cycle.seen_at, 0);
}

TEST(Deadlock, IsNoneWhereOneRunsEachTimeMeanwhile) {
  Cycle cycle;
  cycle.times.clear();
  for (uint64_t slice = 1; slice < 100; ++slice)
    cycle.times.push_back({Cycle::kOne, ThreadTimes{1, 0, slice}});
  EXPECT_FALSE(is_deadlock(cycle.look()));
}

TEST(Deadlock, MayBeOfThreadsThatWakeNowAndThen) {
  Cycle cycle{.times = {Cycle::kRuns, Cycle::kAsleep, Cycle::kRanMeanwhile}};
  EXPECT_TRUE(is_deadlock(cycle.look()));
  EXPECT_EQ(cycle.seen_at, 4) << "what was read while one ran does not count";
}

TEST(Deadlock, IsNoneWhereTheCycleIsGone) {
  Cycle cycle{.seen = {false}};
  EXPECT_FALSE(is_deadlock(cycle.look()));
  EXPECT_EQ(cycle.seen_at, 2);
}

TEST(Deadlock, HasToBeReadTwiceInARow) {
  Cycle once{.seen = {true, false, false}};
  EXPECT_FALSE(is_deadlock(once.look()));
  Cycle twice{.seen = {false, true, true}};
  EXPECT_TRUE(is_deadlock(twice.look()));
}

}  // namespace
}  // namespace rtprof::jvm
