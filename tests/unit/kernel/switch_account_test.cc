#include "kernel/switch_account.h"

#include <gtest/gtest.h>

#include <array>

namespace rtprof::kernel {
namespace {

constexpr pid_t kTid = 7;
constexpr uint32_t kCpu = 0;
constexpr uint32_t kOtherCpu = 1;
constexpr TimePoint kSince = 1000;

TargetOptions options_for(uint32_t flags) {
  TargetOptions options;
  options.flags = flags;
  options.since = kSince;
  options.interval = 100;
  options.max_wait = 1'000'000;
  return options;
}

class SwitchAccountTest : public testing::Test {
 protected:
  // Adds up what is told, as the profile would.
  void tell(const SwitchAccount::Told& told) {
    if (told.sample) running_ += static_cast<Nanoseconds>(told.sample->running);
    if (!told.wait) return;
    last_ = *told.wait;
    ++waits_;
    if ((last_.events & RT_WAIT_FOR_WALL) == 0) return;
    auto time = static_cast<Nanoseconds>(last_.blocked + last_.runnable + last_.summed_blocked +
                                         last_.summed_runnable);
    ((last_.record.flags & RT_SAMPLE_NO_STACK) != 0 ? unknown_ : waited_) += time;
  }
  void leave(TimePoint now, bool preempted = false) { tell(account_.on_leave(kTid, kCpu, now, preempted)); }
  void come(TimePoint now, uint32_t cpu = kCpu) { tell(account_.on_return(kTid, cpu, now)); }
  void tick(TimePoint now) { tell(account_.on_tick(kTid, kCpu, now)); }
  void end(TimePoint now) { tell(account_.on_end(kTid, now)); }
  rt_open_thread open(TimePoint now) const {
    const std::array<pid_t, 1> tids{kTid};
    auto open = account_.open(tids, now);
    return open.empty() ? rt_open_thread{} : open.front();
  }

  SwitchAccount account_{options_for(RT_TARGET_WALL | RT_TARGET_OFFCPU)};
  rt_wait_record last_{};
  int waits_ = 0;
  Nanoseconds running_ = 0;
  Nanoseconds waited_ = 0;
  Nanoseconds unknown_ = 0;
};

TEST_F(SwitchAccountTest, RunningAndWaitingAddUpToElapsedTime) {
  account_.add_existing(kTid, 3);
  tick(1500);
  leave(1700);
  come(2000);
  leave(2010, true);
  come(2400);
  end(2450);
  EXPECT_EQ(running_, 500 + 200 + 10 + 50);
  EXPECT_EQ(waited_, 300 + 390);
  EXPECT_EQ(unknown_, 0);
}

TEST_F(SwitchAccountTest, WaitIsForACpuWhenTheThreadCouldHaveRunOn) {
  account_.add_existing(kTid, 3);
  leave(1200);
  come(1500);
  EXPECT_EQ(last_.blocked, 300u);
  EXPECT_EQ(last_.runnable, 0u);
  EXPECT_EQ(last_.record.stack, 1u);
  leave(1600, true);
  come(1800);
  EXPECT_EQ(last_.blocked, 0u);
  EXPECT_EQ(last_.runnable, 200u);
  EXPECT_EQ(last_.site.flags, static_cast<uint32_t>(RT_WAIT_INVOLUNTARY));
}

TEST_F(SwitchAccountTest, FirstThatIsHeardTellsWhatAThreadDidBefore) {
  account_.add_existing(kTid, 3);
  come(1400);
  EXPECT_EQ(last_.blocked, 400u);
  EXPECT_EQ(last_.record.stack, 0u);
  EXPECT_EQ(last_.site.flags, static_cast<uint32_t>(RT_WAIT_UNSEEN));
  end(1400);
  account_.add_existing(kTid, 3);
  leave(1300);
  EXPECT_EQ(waits_, 1);
  EXPECT_EQ(open(1310).thread.running, 300u);
}

TEST_F(SwitchAccountTest, NewThreadWaitsForACpuFirst) {
  account_.on_start(kTid, 1100);
  come(1300);
  EXPECT_EQ(last_.runnable, 200u);
  EXPECT_EQ(last_.record.stack, 0u);
  end(1350);
  EXPECT_EQ(running_, 50);
}

TEST_F(SwitchAccountTest, ShortWaitsOfWallAreSummedUp) {
  account_ = SwitchAccount(options_for(RT_TARGET_WALL));
  account_.add_existing(kTid, 3);
  leave(1010);
  come(1050);
  leave(1060, true);
  come(1090);
  EXPECT_EQ(waits_, 0);
  EXPECT_EQ(open(1090).thread.blocked, 40u);
  EXPECT_EQ(open(1090).thread.runnable, 30u);
  leave(1100);
  come(1150);
  EXPECT_EQ(waits_, 1);
  EXPECT_EQ(last_.blocked, 50u);
  EXPECT_EQ(last_.summed_blocked, 40u);
  EXPECT_EQ(last_.summed_runnable, 30u);
  leave(1160);
  come(1170);
  end(1180);
  EXPECT_EQ(waited_, 40 + 30 + 50 + 10);
  EXPECT_EQ(waited_ + running_, 180);
}

TEST_F(SwitchAccountTest, WaitsAreChosenByLength) {
  TargetOptions options = options_for(RT_TARGET_OFFCPU);
  options.min_wait = 50;
  options.max_wait = 80;
  account_ = SwitchAccount(options);
  account_.add_existing(kTid, 3);
  TimePoint now = kSince;
  for (Nanoseconds length : {49, 50, 80, 81}) {
    leave(++now);
    come(now += length);
  }
  EXPECT_EQ(waits_, 2);
}

TEST_F(SwitchAccountTest, OpenWaitIsOfTheThread) {
  account_.add_existing(kTid, 3);
  leave(1200);
  rt_open_thread asleep = open(1500);
  EXPECT_EQ(asleep.thread.activity, static_cast<uint32_t>(RT_THREAD_BLOCKED));
  EXPECT_EQ(asleep.thread.since, 1200u);
  EXPECT_EQ(asleep.thread.running, 200u);
  EXPECT_EQ(asleep.time, 1500u);
  end(1600);
  EXPECT_EQ(open(1700).known, 0u);
}

TEST_F(SwitchAccountTest, StretchWithAMissingSwitchIsUnknown) {
  account_.add_existing(kTid, 3);
  tick(1100);
  come(1400);  // and never left
  EXPECT_EQ(unknown_, 300);
  leave(1500);
  leave(1900);  // and never came
  EXPECT_EQ(unknown_, 700);
  EXPECT_EQ(last_.events, static_cast<uint64_t>(RT_WAIT_FOR_WALL | RT_WAIT_FOR_OFFCPU));
  tick(1950);
  EXPECT_EQ(unknown_, 750);
  end(2000);
  EXPECT_EQ(running_ + waited_ + unknown_, 1000);
}

TEST_F(SwitchAccountTest, LostRecordsMakeAWaitUnknown) {
  account_.add_existing(kTid, 3);
  leave(1200);
  account_.on_lost(kOtherCpu);
  EXPECT_EQ(open(1300).thread.flags, static_cast<uint32_t>(RT_SAMPLE_NO_STACK));
  come(1500);
  EXPECT_EQ(unknown_, 300);
  EXPECT_EQ(waited_, 0);
  leave(1600);
  come(1800);
  EXPECT_EQ(waited_, 200);
}

TEST_F(SwitchAccountTest, WaitInAGapIsUnknownWheneverItBegan) {
  account_.add_existing(kTid, 3);
  leave(1200);
  account_.on_gap(kOtherCpu, true);
  come(1500);
  EXPECT_EQ(unknown_, 300);
  leave(1600);
  EXPECT_EQ(running_, 0);
  come(1800);
  EXPECT_EQ(unknown_, 500);
  leave(1900);
  account_.on_gap(kOtherCpu, false);
  come(2200);
  EXPECT_EQ(unknown_, 800);
  EXPECT_EQ(waited_, 0);
  leave(2300);
  come(2500);
  EXPECT_EQ(waited_, 200);
}

// A sleep that was seen to last is known, though what ends it is not.
TEST_F(SwitchAccountTest, SleeperInAGapIsInNoDoubtUpToNow) {
  account_.add_existing(kTid, 3);
  account_.on_gap(kOtherCpu, true);
  leave(1200);
  account_.confirm(kTid, 3);
  EXPECT_EQ(open(1300).thread.flags, 0u);
  come(1500);
  EXPECT_EQ(last_.record.flags, static_cast<uint32_t>(RT_SAMPLE_NO_STACK));
}

TEST_F(SwitchAccountTest, GapElsewhereDoesNotConcernARunningThread) {
  account_.add_existing(kTid, 3);
  tick(1100);
  account_.on_gap(kOtherCpu, true);
  leave(1200);
  end(1300);
  EXPECT_EQ(running_, 200);
}

TEST_F(SwitchAccountTest, LossElsewhereDoesNotConcernARunningThread) {
  account_.add_existing(kTid, 3);
  tick(1100);
  account_.on_lost(kOtherCpu);
  EXPECT_TRUE(account_.doubtful().empty());
  account_.on_lost(kCpu);
  EXPECT_EQ(account_.doubtful().size(), 1u);
  leave(1200);
  EXPECT_EQ(unknown_, 100);
  EXPECT_EQ(last_.events, static_cast<uint64_t>(RT_WAIT_FOR_WALL));
}

TEST_F(SwitchAccountTest, ThreadThatWasGivenNoCpuMeanwhileIsInNoDoubt) {
  account_.add_existing(kTid, 3);
  leave(1100);
  come(1200);
  leave(1300);
  account_.on_lost(kCpu);
  account_.confirm(kTid, 5);
  EXPECT_FALSE(account_.doubtful().empty());
  account_.confirm(kTid, 4);
  EXPECT_TRUE(account_.doubtful().empty());
  come(1600);
  EXPECT_EQ(waited_, 100 + 300);
  EXPECT_EQ(unknown_, 0);
}

TEST_F(SwitchAccountTest, WhatIsFromBeforeTheRecordingHasNoLength) {
  account_.add_existing(kTid, 3);
  leave(900);
  come(950);
  tick(960);
  EXPECT_EQ(waits_, 0);
  leave(1100);
  EXPECT_EQ(open(1100).thread.running, 100u);
}

}  // namespace
}  // namespace rtprof::kernel
