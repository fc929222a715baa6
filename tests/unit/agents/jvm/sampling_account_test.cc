#include "agents/jvm/sampling_account.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include "jvm/allocation.h"

namespace rtprof::agents::jvm {
namespace {

constexpr uint64_t kInterval = 64 << 10;
constexpr uint64_t kReserve = 16;

// A thread that allocates as HotSpot 8 has it (CollectedHeap::allocate_from_tlab_slow).
class Allocator {
 public:
  // `desired`: bytes of a buffer, as HotSpot wants it.
  explicit Allocator(uint64_t desired)
      : desired_(desired), account_(12345, kInterval), weigher_(kInterval, false) {}

  void allocate(uint64_t size) {
    truth_[size] += static_cast<double>(size);
    if (size <= left_) {
      left_ -= size;
      used_ += size;
      return;
    }
    uint64_t limit = (account_.draw_next() + kReserve) / 8 * 8;
    uint64_t most_waste = kInterval / 4;
    if (left_ > most_waste) {
      allocated_ += size;
      count(size, account_.add({allocated_ + used_, size, 0, is_first_}));
      return;
    }
    allocated_ += used_;
    uint64_t buffer = std::min(limit, desired_) + size;
    count(size, account_.add({allocated_ + size, size, buffer, is_first_}));
    used_ = size;
    left_ = buffer - kReserve < size ? 0 : buffer - kReserve - size;
    is_first_ = false;
  }

  // A collection: the thread has no buffer then.
  void collect() {
    allocated_ += used_;
    used_ = left_ = 0;
    is_first_ = true;
  }
  // Of code that nothing is told of.
  void allocate_untold(uint64_t size) { allocated_ += size; }

  double share(uint64_t size) const { return estimates_.at(size) / truth_.at(size); }
  double untold() const { return untold_ * kInterval; }

 private:
  void count(uint64_t size, const SamplingAccount::Due& due) {
    untold_ += static_cast<double>(due.untold);
    if (due.object || due.before != 0)
      estimates_[size] += weigher_.weigh({size, due.object, due.before}).bytes;
  }

  uint64_t desired_;
  SamplingAccount account_;
  rtprof::jvm::SampleWeigher weigher_;
  uint64_t allocated_ = 0, used_ = 0, left_ = 0;
  bool is_first_ = false;
  double untold_ = 0;
  std::map<uint64_t, double> truth_, estimates_;
};

// The same each round, so that sizes of buffers that do not vary would meet the same objects again and again.
void allocate_round(Allocator& allocator) {
  for (int i = 0; i < 2; ++i) {
    allocator.allocate(4096);
    allocator.allocate(2048);
  }
  for (int i = 0; i < 102; ++i) allocator.allocate(40);
}

TEST(SamplingAccountTest, SizesAreSampledWithoutBias) {
  for (uint64_t desired : {uint64_t{4} << 20, uint64_t{20} << 10}) {
    Allocator allocator(desired);
    for (int i = 0; i < 800'000; ++i) {
      allocate_round(allocator);
      if (i % 1000 == 0) allocator.collect();
    }
    // Some 50,000 samples each, and more.
    for (uint64_t size : {4096, 2048, 40})
      EXPECT_NEAR(allocator.share(size), 1, 0.02) << size << " " << desired;
    EXPECT_EQ(allocator.untold(), 0);
  }
}

TEST(SamplingAccountTest, LargeObjectsTakeNothingFromSmallOnes) {
  for (uint64_t large : {uint64_t{12} << 10, uint64_t{1} << 20}) {
    Allocator allocator(4 << 20);
    for (int i = 0; i < 800'000; ++i) {
      allocate_round(allocator);
      if (i % 10 == 0) allocator.allocate(large);
    }
    for (uint64_t size : {uint64_t{4096}, uint64_t{2048}, uint64_t{40}, large})
      EXPECT_NEAR(allocator.share(size), 1, 0.04) << size << " " << large;
  }
}

TEST(SamplingAccountTest, WhatIsNotToldOfIsNobodys) {
  Allocator allocator(4 << 20);
  double untold = 0;
  for (int i = 0; i < 400'000; ++i) {
    allocate_round(allocator);
    if (i % 100 != 0) continue;
    allocator.collect();
    allocator.allocate_untold(1 << 20);
    untold += 1 << 20;
  }
  for (uint64_t size : {4096, 2048, 40}) EXPECT_NEAR(allocator.share(size), 1, 0.02) << size;
  EXPECT_NEAR(allocator.untold() / untold, 1, 0.02);
}

// What the mean of so many draws is off by at random is a thousandth.
TEST(SamplingAccountTest, ExponentialNumbersAreSo) {
  Random random(99);
  constexpr int kDraws = 1'000'000;
  double sum = 0, squares = 0;
  int above_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    double drawn = random.exponential();
    sum += drawn;
    squares += drawn * drawn;
    above_two += drawn > 2 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDraws, 1, 0.005);
  EXPECT_NEAR(squares / kDraws, 2, 0.03);
  EXPECT_NEAR(static_cast<double>(above_two) / kDraws, std::exp(-2), 0.002);
}

}  // namespace
}  // namespace rtprof::agents::jvm
