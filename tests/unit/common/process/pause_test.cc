#include "common/process/pause.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <random>
#include <thread>

#include "common/base/clock.h"
#include "common/process/procfs.h"

namespace rtprof {
namespace {

struct Shared {
  std::atomic<uint64_t> counter;
  std::atomic<uint64_t> signals;
  std::atomic<pid_t> tid;
  std::atomic<bool> stop;
};

Shared* shared = nullptr;

// A child process that runs `body` and exits with what it returns; killed when the test ends.
class Child {
 public:
  explicit Child(const std::function<int()>& body) : pid_(::fork()) {
    if (pid_ == 0) ::_exit(body());
  }
  ~Child() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  pid_t pid() const { return pid_; }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ended_ = true;
    return status;
  }
  char state() const {
    auto stat = read_stat("/proc/" + std::to_string(pid_));
    return stat ? stat->state : '?';
  }

 private:
  pid_t pid_;
  bool ended_ = false;
};

int count_until_told() {
  while (!shared->stop) ++shared->counter;
  return 0;
}

void wait_until(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::microseconds(100));
}

void wait_for_counter() {
  uint64_t before = shared->counter;
  wait_until([&] { return shared->counter != before; });
}

// Until shared->stop; counts up when it begins.
void sleep_uninterruptibly() {
  pid_t child = ::vfork();
  if (child == 0) {
    ++shared->counter;
    while (!shared->stop) {
    }
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
}

// As whoever owns a Pauser waits.
void wait_until(Pauser& pauser, const std::function<bool()>& condition) {
  wait_until([&] {
    pauser.release_late();
    return condition();
  });
}

class PauseTest : public testing::Test {
 protected:
  void SetUp() override {
    void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared = new (memory) Shared{};
  }
  void TearDown() override { ::munmap(shared, sizeof(Shared)); }
};

TEST_F(PauseTest, HoldsAndLetsGo) {
  Child child(count_until_told);
  wait_for_counter();
  Pauser pauser(child.pid());
  size_t held = 0;
  while (held < 100) {
    ThreadPause pause(pauser, child.pid());
    if (!pause.held()) continue;
    ++held;
    uint64_t before = shared->counter;
    for (int spin = 0; spin < 1000; ++spin) ASSERT_EQ(shared->counter, before);
  }
  wait_until(pauser, [before = shared->counter.load()] { return shared->counter != before; });
  EXPECT_GE(pauser.take_holds().size(), held);
  EXPECT_TRUE(pauser.take_holds().empty());
  EXPECT_EQ(read_status("/proc/" + std::to_string(child.pid()))->tracer, 0);
}

TEST_F(PauseTest, EverySignalArrivesOnce) {
  Child child([] {
    struct sigaction action {};
    action.sa_handler = [](int) { ++shared->signals; };
    ::sigaction(SIGRTMIN, &action, nullptr);
    ++shared->counter;
    while (!shared->stop) {
    }
    return 0;
  });
  wait_until([] { return shared->counter == 1; });
  constexpr uint64_t kSignals = 5000;
  std::thread sender([&] {
    for (uint64_t i = 0; i < kSignals; ++i) {
      while (::sigqueue(child.pid(), SIGRTMIN, {}) != 0) std::this_thread::yield();
      if (i % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  });
  Pauser pauser(child.pid());
  size_t held = 0;
  while (shared->signals < kSignals || held < 100) held += ThreadPause(pauser, child.pid()).held();
  sender.join();
  shared->stop = true;
  wait_until(pauser, [&] { return !pauser.has_late(); });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(shared->signals, kSignals);
}

TEST_F(PauseTest, AGroupStopLastsUntilSigcont) {
  Child child(count_until_told);
  wait_for_counter();
  Pauser pauser(child.pid());
  std::mt19937 random(1);
  for (int round = 0; round < 30; ++round) {
    int before = static_cast<int>(random() % 20);
    for (int i = 0; i < before; ++i) ThreadPause(pauser, child.pid());
    ::kill(child.pid(), SIGSTOP);
    for (int i = 0; i < 5; ++i) ThreadPause(pauser, child.pid());
    wait_until(pauser, [&] { return child.state() == 'T'; });
    uint64_t stopped_at = shared->counter;
    for (int i = 0; i < 5; ++i) ThreadPause(pauser, child.pid());
    wait_until(pauser, [&] { return child.state() == 'T'; });
    EXPECT_EQ(shared->counter, stopped_at);
    ::kill(child.pid(), SIGCONT);
    wait_until(pauser, [&] { return shared->counter != stopped_at; });
  }
}

TEST_F(PauseTest, ThreadsMayEndWhileBeingPaused) {
  Child child([] {
    for (int i = 0; i < 300; ++i) {
      std::thread([] {
        shared->tid = static_cast<pid_t>(::syscall(SYS_gettid));
        for (int spin = 0; spin < 20000; ++spin) ++shared->counter;
      }).join();
    }
    return 7;
  });
  Pauser pauser(child.pid());
  size_t gone = 0;
  while (child.state() != 'Z') {
    if (pid_t tid = shared->tid) gone += ThreadPause(pauser, tid).outcome() == PauseOutcome::kGone;
  }
  EXPECT_GT(gone, 0u);
  wait_until(pauser, [&] { return !pauser.has_late(); });
  EXPECT_EQ(WEXITSTATUS(child.wait()), 7);
}

TEST_F(PauseTest, AnotherThreadMayExec) {
  for (int round = 0; round < 40; ++round) {
    shared->tid = 0;
    Child child([&] {
      std::thread([&] {
        shared->tid = static_cast<pid_t>(::syscall(SYS_gettid));
        for (int spin = 0; spin < round * 2000; ++spin) ++shared->counter;
        ::execl("/bin/true", "true", nullptr);
      }).join();
      return 1;
    });
    wait_until([] { return shared->tid != 0; });
    Pauser pauser(child.pid());
    while (child.state() != 'Z') {
      ThreadPause(pauser, shared->tid);
      ThreadPause(pauser, child.pid());
    }
    wait_until(pauser, [&] { return !pauser.has_late(); });
    EXPECT_EQ(child.wait(), 0);
  }
}

TEST_F(PauseTest, AThreadInUninterruptibleSleepIsLetGoWhenItWakes) {
  Child child([] {
    sleep_uninterruptibly();
    ++shared->signals;
    return 3;
  });
  wait_until([] { return shared->counter == 1; });
  Pauser pauser(child.pid());
  EXPECT_EQ(ThreadPause(pauser, child.pid()).outcome(), PauseOutcome::kLate);
  EXPECT_TRUE(pauser.has_late());
  pauser.release_late();
  EXPECT_TRUE(pauser.has_late());
  EXPECT_EQ(ThreadPause(pauser, child.pid()).outcome(), PauseOutcome::kLate);
  shared->stop = true;
  wait_until(pauser, [&] { return !pauser.has_late(); });
  EXPECT_EQ(WEXITSTATUS(child.wait()), 3);
}

TEST_F(PauseTest, AThreadThatStopsLateCanBeTaken) {
  Child child([] {
    sleep_uninterruptibly();
    return 3;
  });
  wait_until([] { return shared->counter == 1; });
  Pauser pauser(child.pid());
  EXPECT_EQ(ThreadPause(pauser, child.pid()).outcome(), PauseOutcome::kLate);
  EXPECT_TRUE(pauser.is_late(child.pid()));
  EXPECT_EQ(ThreadPause(pauser, ThreadPause::OfLate{}).outcome(), PauseOutcome::kLate);
  shared->stop = true;
  wait_until([&] {
    ThreadPause pause(pauser, ThreadPause::OfLate{});
    if (!pause.held()) return false;
    EXPECT_EQ(ThreadProbe(child.pid(), child.pid()).state(), 't');
    return true;
  });
  EXPECT_FALSE(pauser.has_late());
  EXPECT_EQ(pauser.take_holds().size(), 1u);
  EXPECT_EQ(WEXITSTATUS(child.wait()), 3);
}

TEST_F(PauseTest, AKilledProfilerLeavesTheTargetRunning) {
  Child target(count_until_told);
  wait_for_counter();
  std::mt19937 random(2);
  for (int round = 0; round < 60; ++round) {
    Child profiler([&] {
      Pauser pauser(target.pid());
      while (true) ThreadPause(pauser, target.pid());
      return 0;
    });
    std::this_thread::sleep_for(std::chrono::microseconds(200 + random() % 2000));
    ::kill(profiler.pid(), SIGKILL);
    profiler.wait();
    wait_for_counter();
  }
  EXPECT_EQ(read_status("/proc/" + std::to_string(target.pid()))->tracer, 0);
}

TEST_F(PauseTest, AThreadTracedBySomebodyElseIsDenied) {
  Child target(count_until_told);
  wait_for_counter();
  Child debugger([&] {
    ::ptrace(PTRACE_SEIZE, target.pid(), 0, 0);
    ++shared->signals;
    ::pause();
    return 0;
  });
  wait_until([] { return shared->signals == 1; });
  Pauser pauser(target.pid());
  EXPECT_EQ(ThreadPause(pauser, target.pid()).outcome(), PauseOutcome::kDenied);
  EXPECT_FALSE(pauser.has_late());
}

TEST_F(PauseTest, AThreadThatHasEndedIsGone) {
  Child target(count_until_told);
  ::kill(target.pid(), SIGKILL);
  wait_until([&] { return target.state() == 'Z'; });
  Pauser pauser(target.pid());
  EXPECT_EQ(ThreadPause(pauser, target.pid()).outcome(), PauseOutcome::kGone);
  target.wait();
  EXPECT_EQ(ThreadPause(pauser, target.pid()).outcome(), PauseOutcome::kGone);
}

}  // namespace
}  // namespace rtprof
