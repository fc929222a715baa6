#include "native/deep_stacks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <vector>

#include "tests/unit/fake_memory.h"

namespace rtprof::native {
namespace {

constexpr Address kStart = 0x7000'0000;
constexpr size_t kSize = 1 << 20;
constexpr Address kEnd = kStart + kSize;
constexpr pid_t kThread = 7;

// Memory that changes while it is read: `change` is called between the ranges of a batch.
class ChangingMemory final : public Memory {
 public:
  explicit ChangingMemory(test::FakeMemory& memory) : memory_(memory) {}

  bool read(Address address, void* destination, size_t size) const override {
    return memory_.read(address, destination, size);
  }
  size_t read_batch(std::span<const MemoryRange> ranges) const override {
    ++calls;
    size_t done = 0;
    for (const MemoryRange& range : ranges) {
      if (done != 0) change();
      done += memory_.read_batch({&range, 1});
    }
    return done;
  }

  std::function<void()> change = [] {};
  mutable size_t calls = 0;

 private:
  test::FakeMemory& memory_;
};

class DeepStacksTest : public ::testing::Test {
 protected:
  DeepStacksTest() {
    std::vector<uint8_t> content(kSize);
    for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<uint8_t>(i * 31 + i / 256);
    memory_.put(kStart, content);
    mapping_.start = kStart;
    mapping_.end = kEnd;
    mapping_.readable = true;
  }

  // Copies `size` bytes from `sp` on, as they are now.
  StackSnapshot snapshot(Address sp, size_t size = 8192) {
    copies_.emplace_back(size);
    memory_.read(sp, copies_.back().data(), size);
    StackSnapshot snapshot{.stack_address = sp, .stack = copies_.back(), .thread = kThread};
    snapshot.registers.values[Registers::kRsp] = sp;
    return snapshot;
  }
  void meet(Address sp, uint32_t times) {
    StackSnapshot met{.stack_address = sp, .stack = {}, .thread = kThread};
    met.registers.values[Registers::kRsp] = sp;
    for (uint32_t i = 0; i < times; ++i) stacks_.met(met);
  }
  bool goes_on(const StackSnapshot& snapshot) {
    stacks_.met(snapshot);
    return !stacks_.beyond(snapshot).empty();
  }

  static constexpr Address kDeep = kEnd - (300 << 10);

  test::FakeMemory memory_;
  ChangingMemory changing_{memory_};
  Mapping mapping_;
  TimePoint now_ = kSecond;
  std::function<void()> rest_ = [] {};
  DeepStacks stacks_{changing_, [this] { return std::vector{mapping_}; },
                     ReadingClock{[this] { return now_; }, [this] { rest_(); }}};
  std::list<std::vector<uint8_t>> copies_;
};

TEST_F(DeepStacksTest, GivesWhatFollowsUpToTheEndOfTheMapping) {
  meet(kDeep, DeepStacks::kFewest);
  StackSnapshot taken = snapshot(kDeep);
  stacks_.met(taken);
  auto beyond = stacks_.beyond(taken);
  ASSERT_EQ(beyond.size(), kEnd - kDeep - 8192);
  std::vector<uint8_t> expected(beyond.size());
  memory_.read(kDeep + 8192, expected.data(), expected.size());
  EXPECT_TRUE(std::equal(beyond.begin(), beyond.end(), expected.begin()));
}

TEST_F(DeepStacksTest, OneReadingServesAllSnapshotsThatItFitsForAWhile) {
  meet(kDeep, DeepStacks::kFewest);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(goes_on(snapshot(kDeep - 100 * 8 + i * 32)));
  EXPECT_EQ(changing_.calls, 2u);
  now_ += DeepStacks::kLife;
  EXPECT_TRUE(goes_on(snapshot(kDeep)));
  EXPECT_EQ(changing_.calls, 4u);
}

TEST_F(DeepStacksTest, EndOfTheCopyHasToBeInMemoryStill) {
  meet(kDeep, DeepStacks::kFewest);
  StackSnapshot taken = snapshot(kDeep);
  memory_.set<uint8_t>(kDeep + 8192 - DeepStacks::kEndBytes, 99);
  EXPECT_FALSE(goes_on(taken));
  EXPECT_TRUE(goes_on(snapshot(kDeep)));
}

TEST_F(DeepStacksTest, LeafwardOfTheEndItMayChange) {
  meet(kDeep, DeepStacks::kFewest);
  StackSnapshot taken = snapshot(kDeep);
  memory_.set<uint8_t>(kDeep + 8192 - DeepStacks::kEndBytes - 1, 99);
  EXPECT_TRUE(goes_on(taken));
}

TEST_F(DeepStacksTest, FrameThatReturnsDuringTheReadingIsNoticed) {
  meet(kDeep, DeepStacks::kFewest);
  StackSnapshot taken = snapshot(kDeep);
  StackSnapshot rootward = snapshot(kDeep + 1024);
  StackSnapshot leafward = snapshot(kDeep - 4096);
  changing_.change = [this] { memory_.set<uint8_t>(kDeep + 8191, 99); };
  EXPECT_FALSE(goes_on(taken));
  EXPECT_FALSE(goes_on(rootward));
  EXPECT_TRUE(goes_on(leafward));
}

TEST_F(DeepStacksTest, ThreadThatWasOnItsWayDownIsNoticed) {
  meet(kDeep, DeepStacks::kFewest);
  StackSnapshot taken = snapshot(kDeep);
  rest_ = [this] { memory_.set<uint8_t>(kDeep + 8191, 99); };
  EXPECT_FALSE(goes_on(taken));
  EXPECT_TRUE(goes_on(snapshot(kDeep - 4096)));
}

TEST_F(DeepStacksTest, FrameLeafwardOfTheOneThatWasReadForIsNoticed) {
  meet(kDeep, DeepStacks::kFewest);
  StackSnapshot taken = snapshot(kDeep);
  StackSnapshot leafward = snapshot(kDeep - 4096);
  changing_.change = [this] { memory_.set<uint8_t>(kDeep + 4095, 99); };
  EXPECT_TRUE(goes_on(taken));
  EXPECT_FALSE(goes_on(leafward));
}

TEST_F(DeepStacksTest, ThreadThatWasMetRootwardMayHaveOtherFramesThere) {
  meet(kDeep, DeepStacks::kFewest);
  EXPECT_TRUE(goes_on(snapshot(kDeep)));
  meet(kDeep + 8192 - DeepStacks::kEndBytes + 8, 1);
  for (uint32_t i = 0; i < DeepStacks::kWindow; ++i) EXPECT_FALSE(goes_on(snapshot(kDeep))) << i;
  for (uint32_t i = 0; i < DeepStacks::kWindow; ++i) stacks_.met(snapshot(kDeep));
  EXPECT_TRUE(goes_on(snapshot(kDeep)));
}

TEST_F(DeepStacksTest, FewSnapshotsShowNothing) {
  StackSnapshot taken = snapshot(kDeep);
  for (uint32_t i = 1; i < DeepStacks::kFewest; ++i) EXPECT_FALSE(goes_on(taken));
  EXPECT_TRUE(goes_on(taken));
}

TEST_F(DeepStacksTest, ThreadThatStandsNeedsNoOthers) {
  StackSnapshot taken = snapshot(kDeep);
  taken.stands = true;
  EXPECT_TRUE(goes_on(taken));
}

TEST_F(DeepStacksTest, NothingIsReadBeyondTheMappingOrTooMuch) {
  meet(kStart, DeepStacks::kFewest);
  EXPECT_FALSE(goes_on(snapshot(kEnd - 8192)));
  StackSnapshot taken = snapshot(kStart, 4096);
  mapping_.end = kEnd + (64 << 20);
  memory_.map(kEnd, 64 << 20);
  now_ += DeepStacks::kLife;
  stacks_.met(taken);
  EXPECT_LE(stacks_.beyond(taken).size(), DeepStacks::kMostBytes);
  memory_.unmap(kEnd);
}

TEST_F(DeepStacksTest, MemoryThatCannotBeReadGivesNothing) {
  meet(kDeep, DeepStacks::kFewest);
  StackSnapshot taken = snapshot(kDeep);
  memory_.unmap(kStart);
  EXPECT_FALSE(goes_on(taken));
}

}  // namespace
}  // namespace rtprof::native
