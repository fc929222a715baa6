#include "common/sampler/hold_budget.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <utility>

namespace rtprof {
namespace {

// Pauses of half to one and a half times `hold` whenever it is allowed, looked for every 10 µs. Returns the
// most that was held in any one second.
Nanoseconds most_held_in_a_second(double share, Nanoseconds hold, Nanoseconds seconds) {
  HoldBudget budget(share, 0);
  std::mt19937 random(1);
  std::deque<std::pair<TimePoint, Nanoseconds>> recent;
  Nanoseconds sum = 0;
  Nanoseconds most = 0;
  for (TimePoint now = 0; now < seconds * kSecond; now += 10 * kMicrosecond) {
    if (!budget.allows(now)) continue;
    Nanoseconds held = hold / 2 + static_cast<Nanoseconds>(random() % static_cast<uint32_t>(hold));
    budget.spend(held);
    recent.emplace_back(now, held);
    sum += held;
    for (; recent.front().first <= now - kSecond; recent.pop_front()) sum -= recent.front().second;
    most = std::max(most, sum);
    now += held;
  }
  return most;
}

TEST(HoldBudget, NoSecondHasMoreThanTheShare) {
  for (double share : {0.001, 0.01, 0.1, 0.5}) {
    for (Nanoseconds hold : {20 * kMicrosecond, 200 * kMicrosecond}) {
      Nanoseconds most = most_held_in_a_second(share, hold, 5);
      // The last pause may take longer than expected.
      EXPECT_LE(most, static_cast<Nanoseconds>(share * kSecond) + hold * 3 / 2) << share << " " << hold;
      EXPECT_GT(most, static_cast<Nanoseconds>(share * kSecond * 0.8)) << share << " " << hold;
    }
  }
}

TEST(HoldBudget, AWholeShareAllowsEverything) {
  HoldBudget budget(1, 0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(budget.allows(0));
    budget.spend(kSecond);
  }
}

TEST(HoldBudget, NothingIsAllowedWithoutAShare) {
  HoldBudget budget(0, 0);
  budget.allows(kSecond);
  budget.spend(1);
  EXPECT_FALSE(budget.allows(1000 * kSecond));
}

}  // namespace
}  // namespace rtprof
