#include "common/sampler/thread_holder.h"

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "common/sampler/thread_list.h"

namespace rtprof {
namespace {

// A child process that computes until the test ends.
class Spinner {
 public:
  Spinner() : pid_(::fork()) {
    if (pid_ != 0) return;
    for (volatile unsigned steps = 0;;) steps = steps + 1;
  }
  ~Spinner() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Spinner(const Spinner&) = delete;
  Spinner& operator=(const Spinner&) = delete;
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

TEST(ThreadHolder, ReadsWhileTheThreadStands) {
  Spinner spinner;
  Process process = Process::open(spinner.pid());
  ThreadHolder holder(process);
  PulledThread thread(spinner.pid(), spinner.pid(), 1.0, monotonic_now());
  char state = 0;
  ThreadHolder::Attempt attempt;
  // While it waits for a CPU it does not stop in time.
  while (!attempt.held) {
    holder.release_late();
    attempt = holder.hold(thread, [&] { state = thread.probe.state(); });
  }
  EXPECT_EQ(state, 't');
  EXPECT_TRUE(attempt.stopped && attempt.times);
  EXPECT_FALSE(holder.take_holds().empty());
  EXPECT_EQ(holder.held_back(), 0u);
}

TEST(ThreadHolder, HoldsNoLongerThanTheShare) {
  Spinner spinner;
  Process process = Process::open(spinner.pid());
  ThreadHolder holder(process);
  PulledThread thread(spinner.pid(), spinner.pid(), 1e-9, monotonic_now());
  // What it was held for at first has used up the share of hours.
  thread.budget.spend(kSecond);
  bool read = false;
  ThreadHolder::Attempt attempt = holder.hold(thread, [&] { read = true; });
  EXPECT_FALSE(attempt.held || attempt.stopped || attempt.late || read);
  EXPECT_EQ(holder.held_back(), 1u);
}

TEST(ThreadHolder, TellsOfAnotherTracer) {
  Spinner spinner;
  // Each thread is a tracer of its own.
  std::thread tracer;
  std::atomic<bool> attached = false;
  std::atomic<bool> done = false;
  tracer = std::thread([&] {
    ::ptrace(PTRACE_SEIZE, spinner.pid(), nullptr, nullptr);
    attached = true;
    attached.notify_all();
    done.wait(false);
    ::ptrace(PTRACE_DETACH, spinner.pid(), nullptr, nullptr);
  });
  attached.wait(false);
  Process process = Process::open(spinner.pid());
  ThreadHolder holder(process);
  PulledThread thread(spinner.pid(), spinner.pid(), 1.0, monotonic_now());
  // Another profiler lets go soon: the thread is late, and is so no longer when it has been for too long.
  EXPECT_TRUE(holder.hold(thread, [] {}).late);
  thread.denied_since -= kSecond;
  EXPECT_EQ(holder.hold(thread, [] {}).denied, "[unknown: traced by another process]");
  done = true;
  done.notify_all();
  tracer.join();
}

TEST(ThreadList, HandsOutThreadsThatHaveEnded) {
  Process process = Process::open(::getpid());
  ThreadList<PulledThread> list(process, 1.0);
  list.refresh(monotonic_now());
  size_t before = list.threads().size();
  EXPECT_FALSE(list.outdated());
  std::atomic<bool> done = false;
  std::atomic<pid_t> tid = 0;
  std::thread thread([&] {
    tid = ::gettid();
    tid.notify_all();
    done.wait(false);
  });
  tid.wait(0);
  EXPECT_TRUE(list.outdated());
  EXPECT_TRUE(list.refresh(monotonic_now()).empty());
  EXPECT_EQ(list.threads().size(), before + 1);
  done = true;
  done.notify_all();
  thread.join();
  std::vector<std::unique_ptr<PulledThread>> ended;
  // The kernel may list it for a moment after it was joined.
  while (ended.empty()) ended = list.refresh(monotonic_now());
  EXPECT_EQ(ended.front()->tid, tid);
  EXPECT_EQ(list.seen(), before + 1);
}

}  // namespace
}  // namespace rtprof
