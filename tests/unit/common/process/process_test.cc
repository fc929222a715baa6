#include "common/process/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "common/base/error.h"

namespace rtprof {
namespace {

// A child that sleeps until it is ended with the test.
class SleepingChild {
 public:
  SleepingChild() : pid_(::fork()) {
    if (pid_ == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  ~SleepingChild() { end(); }
  pid_t pid() const { return pid_; }
  void kill() const { ::kill(pid_, SIGKILL); }
  // Waits for its end and leaves it a zombie.
  void wait_for_zombie() const {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }
  void end() {
    if (pid_ <= 0) return;
    kill();
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_;
};

TEST(Process, KnowsItself) {
  Process self = Process::open(::getpid());
  EXPECT_TRUE(self.alive());
  EXPECT_FALSE(self.has_execed());
  EXPECT_THAT(self.threads(), testing::Contains(::getpid()));
  EXPECT_FALSE(self.mappings().empty());
  EXPECT_GT(self.cpu_time(), 0);
}

TEST(Process, ReadsMemoryOfAnother) {
  static int value = 1234567;
  SleepingChild child;
  Process process = Process::open(child.pid());
  EXPECT_EQ(process.memory().get<int>(reinterpret_cast<Address>(&value)), 1234567);
  EXPECT_EQ(process.memory().get<int>(8), std::nullopt);
}

TEST(Process, ABatchStopsAtTheFirstUnreadableRange) {
  static int first = 1;
  static int second = 2;
  int read_first = 0;
  int read_bad = 0;
  int read_second = 0;
  Process self = Process::open(::getpid());
  std::array<MemoryRange, 3> ranges{{{reinterpret_cast<Address>(&first), &read_first, sizeof first},
                                     {8, &read_bad, sizeof read_bad},
                                     {reinterpret_cast<Address>(&second), &read_second, sizeof second}}};
  EXPECT_EQ(self.memory().read_batch(ranges), 1U);
  EXPECT_EQ(read_first, 1);
  ranges[1].address = reinterpret_cast<Address>(&first);
  EXPECT_EQ(self.memory().read_batch(ranges), 3U);
  EXPECT_EQ(read_second, 2);
}

TEST(Process, AnEndedProcessIsNotAlive) {
  SleepingChild child;
  Process process = Process::open(child.pid());
  EXPECT_TRUE(process.alive());
  child.kill();
  child.wait_for_zombie();
  EXPECT_FALSE(process.alive());
  EXPECT_FALSE(Process::try_open(child.pid()));
  child.end();
  EXPECT_FALSE(process.alive());
}

TEST(Process, NamesWhatCannotBeOpened) {
  EXPECT_FALSE(Process::try_open(-1));
  EXPECT_FALSE(Process::try_open(0));
  EXPECT_EQ(Process::try_open(0x7ffffff0).failure().error, ESRCH);
  try {
    Process::open(0x7ffffff0);
    FAIL() << "opened a process that does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kFailed);
    EXPECT_THAT(error.what(), testing::HasSubstr("2147483632"));
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(Process, AThreadIsNotAProcess) {
  std::thread([] {
    if (::gettid() == ::getpid()) return;
    auto thread = Process::try_open(::gettid());
    ASSERT_FALSE(thread);
    EXPECT_THAT(thread.failure().message, testing::HasSubstr("is a thread of process"));
  }).join();
}

TEST(Process, ListsItsChildren) {
  SleepingChild child;
  EXPECT_THAT(Process::open(::getpid()).children(), testing::Contains(child.pid()));
}

}  // namespace
}  // namespace rtprof
