#include "native/cfi_unwinder.h"

#include <gtest/gtest.h>

#include <cstring>

namespace rtprof::native {
namespace {

using Kind = UnwindRule::Kind;

constexpr Address kSp = 0x7ffc0000;
constexpr Address kReturnAddress = 0x401234;

class StepTest : public ::testing::Test {
 protected:
  StepTest() : table_(std::make_shared<const Binary>("none", "")) {
    rules_.cfa = {Kind::kRegister, Registers::kRsp, 16};
    rules_.return_address = {Kind::kAtCfa, 0, -8};
    rules_.registers = {{Registers::kRsp, {Kind::kCfa}}};
    rules_.unchanged = 1u << Registers::kRbp;
    cursor_.registers.values[Registers::kRsp] = kSp;
    cursor_.registers.values[Registers::kRip] = 0x400000;
    cursor_.registers.values[Registers::kRbx] = 0xb;
    words_ = {1, kReturnAddress, 3, 4};
  }

  StepResult step() {
    StackSnapshot snapshot;
    snapshot.stack_address = kSp;
    snapshot.stack = {reinterpret_cast<const uint8_t*>(words_.data()), words_.size() * 8};
    return step_by_rules(rules_, table_, cursor_, StackMemory(snapshot), frames_);
  }

  UnwindTable table_;
  UnwindRules rules_;
  Cursor cursor_;
  std::vector<uint64_t> words_;
  std::vector<MachineFrame> frames_;
};

TEST_F(StepTest, MovesToTheCaller) {
  EXPECT_EQ(step(), StepResult::kStepped);
  ASSERT_EQ(frames_.size(), 1U);
  EXPECT_EQ(frames_[0], (MachineFrame{0x400000, false, false}));
  EXPECT_EQ(cursor_.registers.pc(), kReturnAddress);
  EXPECT_EQ(cursor_.registers.sp(), kSp + 16);
  EXPECT_TRUE(cursor_.is_return_address);
  EXPECT_TRUE(cursor_.knows(Registers::kRbp));
  EXPECT_FALSE(cursor_.knows(Registers::kRax));
}

TEST_F(StepTest, TakesTheFunctionWithoutReturnAddressForTheFirst) {
  rules_.return_address = {Kind::kUndefined};
  EXPECT_EQ(step(), StepResult::kComplete);
  EXPECT_EQ(frames_.size(), 1U);
}

TEST_F(StepTest, TakesAReturnAddressOfZeroForTheEnd) {
  words_[1] = 0;
  EXPECT_EQ(step(), StepResult::kComplete);
  EXPECT_EQ(frames_.size(), 1U);
}

TEST_F(StepTest, KeepsARegisterThatAnEpilogueHasPopped) {
  rules_.registers.emplace_back(Registers::kRbx, UnwindRule{Kind::kAtCfa, 0, -24});
  EXPECT_EQ(step(), StepResult::kStepped);
  EXPECT_TRUE(cursor_.knows(Registers::kRbx));
  EXPECT_EQ(cursor_.registers.values[Registers::kRbx], 0xbU);
}

TEST_F(StepTest, LosesARegisterThatWasNotTaken) {
  rules_.registers.emplace_back(Registers::kRbx, UnwindRule{Kind::kAtCfa, 0, 64});
  EXPECT_EQ(step(), StepResult::kStepped);
  EXPECT_FALSE(cursor_.knows(Registers::kRbx));
  rules_.cfa = {Kind::kRegister, Registers::kRbx, 16};
  EXPECT_EQ(step(), StepResult::kNoRule);
  EXPECT_EQ(frames_.size(), 1U);
}

TEST_F(StepTest, IsTruncatedWhereTheReturnAddressWasNotTaken) {
  rules_.cfa.offset = 4096;
  EXPECT_EQ(step(), StepResult::kTruncated);
  EXPECT_TRUE(frames_.empty());
  EXPECT_EQ(cursor_.registers.sp(), kSp);
}

TEST_F(StepTest, IsBrokenWhereTheCallerIsNotAboveTheCallee) {
  for (int32_t offset : {0, -8, 12}) {
    rules_.cfa.offset = offset;
    cursor_.is_return_address = true;
    EXPECT_EQ(step(), StepResult::kBroken) << offset;
  }
  EXPECT_TRUE(frames_.empty());
}

// As vfork does around its system call.
TEST_F(StepTest, FollowsALeafThatHoldsItsReturnAddressInARegister) {
  rules_.cfa.offset = 0;
  rules_.return_address = {Kind::kRegister, Registers::kRdi};
  cursor_.registers.values[Registers::kRdi] = kReturnAddress;
  EXPECT_EQ(step(), StepResult::kStepped);
  EXPECT_EQ(cursor_.registers.pc(), kReturnAddress);
  EXPECT_EQ(cursor_.registers.sp(), kSp);
}

TEST_F(StepTest, GoesToAnotherStackFromASignalFrame) {
  rules_.is_signal_frame = true;
  rules_.cfa = {Kind::kAtRegister, Registers::kRsp, 16};
  rules_.return_address = {Kind::kAtRegister, Registers::kRsp, 8};
  words_[2] = 0x5000;
  cursor_.is_return_address = true;
  EXPECT_EQ(step(), StepResult::kStepped);
  EXPECT_FALSE(frames_[0].is_return_address);
  EXPECT_FALSE(cursor_.is_return_address);
  EXPECT_EQ(cursor_.registers.sp(), 0x5000U);
}

}  // namespace
}  // namespace rtprof::native
