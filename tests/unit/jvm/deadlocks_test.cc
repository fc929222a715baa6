#include "jvm/deadlocks.h"

#include <gtest/gtest.h>

namespace rtprof::jvm {
namespace {

using Holders = std::vector<std::optional<size_t>>;
using Cycles = std::vector<std::vector<size_t>>;

constexpr std::nullopt_t kNone = std::nullopt;

TEST(Deadlocks, AreCycles) {
  EXPECT_EQ(find_deadlocks(Holders{1, 2, kNone}), Cycles{});
  EXPECT_EQ(find_deadlocks(Holders{1, 0}), (Cycles{{0, 1}}));
  EXPECT_EQ(find_deadlocks(Holders{3, kNone, 0, 2}), (Cycles{{0, 3, 2}}));
}

TEST(Deadlocks, DoNotHaveThoseThatWaitForThem) {
  EXPECT_EQ(find_deadlocks(Holders{1, 2, 3, 1, 0}), (Cycles{{1, 2, 3}}));
}

TEST(Deadlocks, CanBeSeveral) {
  EXPECT_EQ(find_deadlocks(Holders{1, 0, 3, 2, 2}), (Cycles{{0, 1}, {2, 3}}));
}

TEST(Deadlocks, AreOfSeveralThreads) {
  EXPECT_EQ(find_deadlocks(Holders{0, 7}), Cycles{});
}

}  // namespace
}  // namespace rtprof::jvm
