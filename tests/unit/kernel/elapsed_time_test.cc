#include "kernel/elapsed_time.h"

#include <gtest/gtest.h>
#include <syscall.h>
#include <unistd.h>

#include <map>

namespace rtprof::kernel {
namespace {

constexpr pid_t kTid = 7;

SamplingPlan plan_of(std::vector<Event> events) {
  SamplingPlan plan;
  plan.events = std::move(events);
  return plan;
}

class ElapsedTimeTest : public testing::Test {
 protected:
  void begin(const SamplingPlan& plan) {
    time_.emplace(process_, plan, stacks_, [this](const TimePiece& piece) {
      times_[{piece.event, piece.reason}] += piece.time;
      counts_[piece.event] += piece.count;
      if (piece.kernel_stack) in_kernel_[piece.event] += piece.time;
    });
    time_->start(1000);
  }

  static rt_wait_record wait(uint64_t start, uint64_t blocked, uint64_t runnable, uint64_t events) {
    rt_wait_record record{};
    record.record.tid = kTid;
    record.record.time = start + blocked + runnable;
    record.start = start;
    record.blocked = blocked;
    record.runnable = runnable;
    record.events = events;
    record.site.syscall = SYS_futex;
    return record;
  }

  static rt_open_thread open(uint32_t activity, uint64_t since) {
    rt_open_thread open{};
    open.tid = kTid;
    open.known = 1;
    open.thread.activity = activity;
    open.thread.since = since;
    open.site.syscall = SYS_futex;
    return open;
  }

  void look_at(
      rt_open_thread thread, uint64_t now, const std::function<void()>& drain = [] {}) {
    thread.time = now;
    time_->flush({&thread, 1}, drain, [](const rt_open_thread&) { return RawStack{}; });
  }

  Nanoseconds time(Event event, Reason reason) { return times_[{event, reason}]; }

  Process process_ = Process::open(::getpid());
  KernelStacks stacks_{[] { return KernelSymbols(); }};
  std::optional<ElapsedTime> time_;
  std::map<std::pair<Event, Reason>, Nanoseconds> times_;
  std::map<Event, uint64_t> counts_;
  std::map<Event, Nanoseconds> in_kernel_;
};

TEST_F(ElapsedTimeTest, WaitIsSplitWhereTheThreadWasWoken) {
  begin(plan_of({Event::kOffCpu}));
  time_->on_wait(wait(2000, 500, 30, RT_WAIT_FOR_OFFCPU), {});
  EXPECT_EQ(time(Event::kOffCpu, Reason::kLock), 500);
  EXPECT_EQ(time(Event::kOffCpu, Reason::kRunnable), 30);
  EXPECT_EQ(counts_[Event::kOffCpu], 1u);
}

TEST_F(ElapsedTimeTest, TakenOffItsCpuIsPreempted) {
  begin(plan_of({Event::kOffCpu, Event::kWall}));
  rt_wait_record record = wait(2000, 0, 40, RT_WAIT_FOR_OFFCPU | RT_WAIT_FOR_WALL);
  time_->on_wait(record, {0, static_cast<uint32_t>(record.record.stack)});
  record = wait(3000, 0, 50, RT_WAIT_FOR_OFFCPU | RT_WAIT_FOR_WALL);
  record.site.flags = RT_WAIT_INVOLUNTARY;
  time_->on_wait(record, {0, static_cast<uint32_t>(record.record.stack)});
  for (Event event : {Event::kOffCpu, Event::kWall}) {
    EXPECT_EQ(time(event, Reason::kRunnable), 40);
    EXPECT_EQ(time(event, Reason::kPreempted), 50);
    EXPECT_EQ(counts_[event], 2u);
  }
}

TEST_F(ElapsedTimeTest, WallTakesWhatWasSummedUp) {
  begin(plan_of({Event::kWall}));
  rt_wait_record record = wait(2000, 500, 30, RT_WAIT_FOR_WALL);
  record.summed_blocked = 9000;
  record.summed_runnable = 100;
  time_->on_wait(record, {0, static_cast<uint32_t>(record.record.stack)});
  EXPECT_EQ(time(Event::kWall, Reason::kLock), 9500);
  EXPECT_EQ(time(Event::kWall, Reason::kRunnable), 130);
  EXPECT_EQ(counts_[Event::kWall], 1u);
}

TEST_F(ElapsedTimeTest, OpenWaitIsCountedOnceHoweverOftenItIsLookedAt) {
  begin(plan_of({Event::kOffCpu, Event::kWall}));
  rt_open_thread asleep = open(RT_THREAD_BLOCKED, 2000);
  look_at(asleep, 2600);
  look_at(asleep, 2900);
  EXPECT_EQ(time(Event::kOffCpu, Reason::kLock), 900);
  EXPECT_EQ(time(Event::kWall, Reason::kLock), 900);
  time_->on_wait(wait(2000, 1000, 20, RT_WAIT_FOR_OFFCPU | RT_WAIT_FOR_WALL), {});
  EXPECT_EQ(time(Event::kOffCpu, Reason::kLock), 1000);
  EXPECT_EQ(time(Event::kWall, Reason::kLock), 1000);
  EXPECT_EQ(time(Event::kOffCpu, Reason::kRunnable), 20);
  EXPECT_EQ(counts_[Event::kOffCpu], 1u);
}

TEST_F(ElapsedTimeTest, NextWaitIsAnother) {
  begin(plan_of({Event::kOffCpu}));
  rt_open_thread asleep = open(RT_THREAD_BLOCKED, 2000);
  look_at(asleep, 2600);
  time_->on_wait(wait(2000, 700, 0, RT_WAIT_FOR_OFFCPU), {});
  time_->on_wait(wait(5000, 50, 0, RT_WAIT_FOR_OFFCPU), {});
  EXPECT_EQ(time(Event::kOffCpu, Reason::kLock), 750);
  EXPECT_EQ(counts_[Event::kOffCpu], 2u);
}

// The wait before the open one, and the end of the open one, have not been handed over when threads are
// looked at.
TEST_F(ElapsedTimeTest, RecordsThatWaitCountWhereTheyBelong) {
  begin(plan_of({Event::kOffCpu, Event::kWall}));
  look_at(open(RT_THREAD_BLOCKED, 5000), 5600, [&] {
    time_->on_wait(wait(2000, 700, 0, RT_WAIT_FOR_OFFCPU | RT_WAIT_FOR_WALL), {});
    time_->on_wait(wait(5000, 1000, 0, RT_WAIT_FOR_OFFCPU | RT_WAIT_FOR_WALL), {});
  });
  for (Event event : {Event::kOffCpu, Event::kWall}) EXPECT_EQ(time(event, Reason::kLock), 1700);
  EXPECT_EQ(counts_[Event::kOffCpu], 2u);
}

TEST_F(ElapsedTimeTest, WaitWhoseEndWasNotTracedIsForWhatItsPlaceWaitsFor) {
  begin(plan_of({Event::kOffCpu}));
  rt_wait_record record = wait(2000, 100, 0, RT_WAIT_FOR_OFFCPU);
  record.record.stack = 11;
  time_->on_wait(record, {0, static_cast<uint32_t>(record.record.stack)});
  record = wait(3000, 20, 0, RT_WAIT_FOR_OFFCPU);
  record.record.stack = 12;
  record.site.syscall = SYS_nanosleep;
  time_->on_wait(record, {0, static_cast<uint32_t>(record.record.stack)});
  record = wait(4000, 7, 0, RT_WAIT_FOR_OFFCPU);
  record.record.stack = 11;
  record.site = {};
  record.site.flags = RT_WAIT_UNSEEN;
  time_->on_wait(record, {0, static_cast<uint32_t>(record.record.stack)});
  EXPECT_EQ(time(Event::kOffCpu, Reason::kLock), 107);
  record.record.stack = 13;
  record.start = 5000;
  time_->on_wait(record, {0, static_cast<uint32_t>(record.record.stack)});
  EXPECT_EQ(time(Event::kOffCpu, Reason::kLock), 114);
  EXPECT_EQ(time(Event::kOffCpu, Reason::kSleep), 20);
}

TEST_F(ElapsedTimeTest, ThreadOfWhichNothingWasSeenHasSleptAllTheTime) {
  begin(plan_of({Event::kOffCpu, Event::kWall}));
  rt_open_thread asleep{};
  asleep.tid = kTid;
  asleep.site.syscall = SYS_wait4;
  look_at(asleep, 1400);
  EXPECT_EQ(time(Event::kOffCpu, Reason::kChild), 400);
  EXPECT_EQ(time(Event::kWall, Reason::kChild), 400);
}

TEST_F(ElapsedTimeTest, OpenWaitsOutsideTheChosenLengthsAreLeftOut) {
  SamplingPlan plan = plan_of({Event::kOffCpu});
  plan.min_wait = 500;
  plan.max_wait = 800;
  begin(plan);
  rt_open_thread asleep = open(RT_THREAD_BLOCKED, 2000);
  look_at(asleep, 2400);
  asleep.thread.since = 1000;
  look_at(asleep, 2400);
  EXPECT_TRUE(times_.empty());
  asleep.thread.since = 1800;
  look_at(asleep, 2400);
  EXPECT_EQ(time(Event::kOffCpu, Reason::kLock), 600);
}

TEST_F(ElapsedTimeTest, RunningThreadHasNoWait) {
  begin(plan_of({Event::kOffCpu, Event::kWall}));
  rt_open_thread running = open(RT_THREAD_RUNNING, 2000);
  running.thread.running = 40;
  look_at(running, 2100);
  EXPECT_EQ(counts_[Event::kOffCpu], 0u);
  EXPECT_EQ(time(Event::kWall, Reason::kRunning), 140);
  rt_sample_record tick{};
  tick.record.tid = kTid;
  tick.record.time = 2200;
  tick.running = 240;
  time_->on_sample(tick, {0, static_cast<uint32_t>(tick.record.stack)});
  EXPECT_EQ(time(Event::kWall, Reason::kRunning), 240);
}

TEST_F(ElapsedTimeTest, TickHasTheKernelStackThatItInterrupted) {
  SamplingPlan plan = plan_of({Event::kCpu, Event::kWall});
  plan.idle = true;
  begin(plan);
  const uint64_t address = 4711;
  stacks_.add(11, {&address, 1});
  for (uint64_t kernel_stack : {11, 0}) {
    rt_sample_record tick{};
    tick.record.tid = kTid;
    tick.record.time = 2200;
    tick.running = 40;
    tick.kernel_stack = kernel_stack;
    time_->on_sample(tick, {});
    time_->on_wait(wait(3000, 500, 30, RT_WAIT_FOR_WALL), {});
  }
  EXPECT_EQ(in_kernel_[Event::kWall], 40);
  EXPECT_EQ(in_kernel_[Event::kCpu], 40);
}

TEST(ElapsedTime, WantsContextSwitchesForElapsedTimeOnly) {
  SamplingPlan plan = plan_of({Event::kCpu});
  EXPECT_FALSE(ElapsedTime::wanted(plan));
  plan.idle = true;
  EXPECT_TRUE(ElapsedTime::wanted(plan));
  EXPECT_TRUE(ElapsedTime::wanted(plan_of({Event::kOffCpu})));
  EXPECT_TRUE(ElapsedTime::wanted(plan_of({Event::kWall})));
}

}  // namespace
}  // namespace rtprof::kernel
