#include "jvm/code_heaps.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/fake_memory.h"
#include "tests/unit/jvm/hotspot.h"

namespace rtprof::jvm {
namespace {

// One heap of 16 segments of 128 bytes, of which 8 are in use.
class CodeHeapsTest : public testing::Test {
 protected:
  static constexpr Address kArray = 0x1000;
  static constexpr Address kPointers = 0x1100;
  static constexpr Address kHeap = 0x2000;
  static constexpr Address kCode = 0x10000;
  static constexpr Address kMap = 0x20000;

  CodeHeapsTest() : layout_(test::hotspot_17_layout()), heaps_(memory_, layout_) {
    memory_.set(layout_.code_heaps, kArray);
    memory_.map(kArray, 32);
    memory_.set(kArray, int32_t{1});
    memory_.set(kArray + 8, kPointers);
    memory_.set(kPointers, kHeap);
    memory_.map(kHeap, 256);
    memory_.set(kHeap, kCode);
    memory_.set(kHeap + 8, kCode + 2048);
    memory_.set(kHeap + 16, kCode);
    memory_.set(kHeap + 24, kCode + 1024);
    memory_.set(kHeap + 64 + 16, kMap);
    memory_.set(kHeap + 64 + 24, kMap + 8);
    memory_.set(kHeap + 128, int32_t{7});
    memory_.map(kCode, 1024);
    memory_.put(kMap, std::vector<uint8_t>{0, 0, 1, 2, 1, 0xff, 0xff, 0});
    block(0, 1, true);
    block(1, 4, true);
    block(7, 1, false);
    refreshed_ = heaps_.refresh();
  }

  void block(size_t segment, uint64_t segments, bool used) {
    memory_.set(kCode + segment * 128, segments);
    memory_.set(kCode + segment * 128 + 8, uint8_t{used});
  }

  test::FakeMemory memory_;
  Layout layout_;
  CodeHeaps heaps_;
  bool refreshed_ = false;
};

TEST_F(CodeHeapsTest, KnowsWhatIsReserved) {
  EXPECT_TRUE(refreshed_);
  EXPECT_TRUE(heaps_.contains(kCode));
  EXPECT_TRUE(heaps_.contains(kCode + 2047));
  EXPECT_FALSE(heaps_.contains(kCode + 2048));
  EXPECT_FALSE(heaps_.contains(kCode - 1));
}

TEST_F(CodeHeapsTest, StepsBackToTheBlob) {
  auto first = heaps_.find(kCode + 20);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->blob, kCode + 16);
  EXPECT_EQ(first->bytes, 112);
  for (size_t segment = 1; segment < 5; ++segment) {
    auto second = heaps_.find(kCode + segment * 128 + 100);
    ASSERT_TRUE(second) << segment;
    EXPECT_EQ(second->blob, kCode + 128 + 16);
    EXPECT_EQ(second->bytes, 4 * 128 - 16);
  }
}

TEST_F(CodeHeapsTest, FindsNothingWhereNothingIs) {
  EXPECT_FALSE(heaps_.find(kCode + 5 * 128)) << "free";
  EXPECT_FALSE(heaps_.find(kCode + 7 * 128)) << "its block is not in use";
  EXPECT_FALSE(heaps_.find(kCode + 8 * 128)) << "reserved only";
  EXPECT_FALSE(heaps_.find(kCode + 4096)) << "not code";
}

TEST_F(CodeHeapsTest, SeesAHeapGrowWithinABatch) {
  heaps_.begin_batch(kSecond);
  size_t reads = memory_.reads();
  heaps_.begin_batch(kSecond + kMillisecond);
  EXPECT_EQ(memory_.reads(), reads) << "a moment ago it was";
  EXPECT_FALSE(heaps_.find(kCode + 1024)) << "not yet";
  memory_.map(kCode + 1024, 1024);
  for (size_t grown : {1, 2}) {
    size_t segment = 6 + 2 * grown;
    memory_.set(kHeap + 24, kCode + (segment + 2) * 128);
    memory_.set(kHeap + 64 + 24, kMap + segment + 2);
    memory_.put(kMap + segment, std::vector<uint8_t>{0, 1});
    block(segment, 2, true);
    EXPECT_TRUE(heaps_.find(kCode + (segment + 1) * 128)) << grown;
  }
  reads = memory_.reads();
  EXPECT_FALSE(heaps_.find(kCode + 2047)) << "still beyond";
  EXPECT_EQ(memory_.reads(), reads + 1);
  EXPECT_FALSE(heaps_.find(kCode + 4096)) << "not code";
  EXPECT_EQ(memory_.reads(), reads + 1);
}

TEST_F(CodeHeapsTest, KnowsABlockWholeThatReachesBeyondWhatWasInUse) {
  memory_.set(kHeap + 24, kCode + 3 * 128);
  ASSERT_TRUE(heaps_.refresh());
  memory_.set(kHeap + 24, kCode + 8 * 128);
  auto found = heaps_.find(kCode + 2 * 128);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes, 4 * 128 - 16);
}

TEST_F(CodeHeapsTest, DoesNotTrustTheMap) {
  memory_.set(kMap + 3, uint8_t{200});
  EXPECT_FALSE(heaps_.find(kCode + 3 * 128)) << "steps back beyond the heap";
  memory_.set(kMap + 3, uint8_t{3});
  EXPECT_FALSE(heaps_.find(kCode + 3 * 128)) << "in a block that is too short";
}

TEST_F(CodeHeapsTest, KeepsWhatItKnewOfAProcessThatHasEnded) {
  memory_.unmap(kHeap);
  EXPECT_FALSE(heaps_.refresh());
  EXPECT_TRUE(heaps_.contains(kCode));
}

TEST(CodeHeapsOfNothingTest, AreNone) {
  test::FakeMemory memory;
  Layout layout = test::hotspot_17_layout();
  CodeHeaps heaps(memory, layout);
  EXPECT_FALSE(heaps.refresh());
  EXPECT_FALSE(heaps.contains(0x1000));
}

}  // namespace
}  // namespace rtprof::jvm
