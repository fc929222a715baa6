#include "common/process/thread_probe.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace rtprof {
namespace {

TEST(ParseSchedstat, ReadsTheThreeNumbers) {
  EXPECT_EQ(parse_schedstat("1536785942 21578934 105\n"), (ThreadTimes{1536785942, 21578934, 105}));
  EXPECT_EQ(parse_schedstat("0 0 0"), ThreadTimes{});
}

TEST(ParseSchedstat, RefusesAnythingElse) {
  EXPECT_FALSE(parse_schedstat(""));
  EXPECT_FALSE(parse_schedstat("12 13"));
  EXPECT_FALSE(parse_schedstat("a b c"));
}

TEST(ParsePlace, ReadsTheLastTwoNumbers) {
  EXPECT_EQ(parse_place("230 0x0 0x0 0x7ffd 0x0 0x5 0x0 0x7ffd4b0 0x7f3c1e5\n"),
            (ThreadPlace{0x7ffd4b0, 0x7f3c1e5}));
  EXPECT_EQ(parse_place("-1 0x7ffd4b0 0x401000\n"), (ThreadPlace{0x7ffd4b0, 0x401000}));
}

TEST(ParsePlace, RefusesAnythingElse) {
  EXPECT_FALSE(parse_place("running\n"));
  EXPECT_FALSE(parse_place(""));
  EXPECT_FALSE(parse_place("-1 0x401000\n"));
  EXPECT_FALSE(parse_place("-1 0x 0x401000"));
  EXPECT_FALSE(parse_place("-1 12 0x4g"));
}

class ThreadProbeTest : public testing::Test {
 protected:
  std::atomic<pid_t> tid_{0};
  std::atomic<bool> stop_{false};
  std::thread start(bool busy) {
    std::thread thread([this, busy] {
      tid_ = static_cast<pid_t>(::syscall(SYS_gettid));
      while (!stop_) {
        if (!busy) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    while (tid_ == 0) std::this_thread::yield();
    return thread;
  }
};

TEST_F(ThreadProbeTest, SeesAThreadRun) {
  std::thread thread = start(true);
  ThreadProbe probe(::getpid(), tid_);
  EXPECT_EQ(probe.state(), 'R');
  EXPECT_FALSE(probe.asleep());
  EXPECT_FALSE(probe.place_asleep());
  auto first = probe.times();
  ASSERT_TRUE(first);
  while (probe.times()->cpu <= first->cpu) std::this_thread::yield();
  stop_ = true;
  thread.join();
}

TEST_F(ThreadProbeTest, CountsTheSlicesOfASleeper) {
  std::thread thread = start(false);
  ThreadProbe probe(::getpid(), tid_);
  while (probe.state() != 'S') std::this_thread::yield();
  auto first = probe.times();
  while (probe.times()->slices < first->slices + 3) std::this_thread::yield();
  stop_ = true;
  thread.join();
}

TEST_F(ThreadProbeTest, AThreadThatSleepsIsAsleep) {
  std::thread thread([this] {
    tid_ = static_cast<pid_t>(::syscall(SYS_gettid));
    while (!stop_) ::usleep(1000000);
  });
  while (tid_ == 0) std::this_thread::yield();
  ThreadProbe probe(::getpid(), tid_);
  while (!probe.asleep()) std::this_thread::yield();
  EXPECT_TRUE(probe.place_asleep());
  stop_ = true;
  thread.join();
}

TEST_F(ThreadProbeTest, AThreadThatHasEndedIsNoLongerThere) {
  std::thread thread = start(false);
  ThreadProbe probe(::getpid(), tid_);
  stop_ = true;
  thread.join();
  // The kernel lets go of a thread a little after it has been joined.
  while (probe.state() != 'X') std::this_thread::yield();
  EXPECT_FALSE(probe.times());
  EXPECT_TRUE(probe.asleep());
  EXPECT_EQ(ThreadProbe(::getpid(), tid_).state(), 'X');
}

}  // namespace
}  // namespace rtprof
