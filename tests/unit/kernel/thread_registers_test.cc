#include "kernel/thread_registers.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace rtprof::kernel {
namespace {

class SleepingThread {
 public:
  SleepingThread() : opened_(::pipe(pipe_)), thread_([this] { sleep_until_told(); }) {
    while (tid_ == 0) std::this_thread::yield();
  }
  ~SleepingThread() {
    char byte = 0;
    EXPECT_EQ(::write(pipe_[1], &byte, 1), 1);
    thread_.join();
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  SleepingThread(const SleepingThread&) = delete;
  SleepingThread& operator=(const SleepingThread&) = delete;

  pid_t tid() const { return tid_; }
  Address stack() const { return stack_; }

 private:
  void sleep_until_told() {
    char byte = 0;
    stack_ = reinterpret_cast<Address>(&byte);
    tid_ = static_cast<pid_t>(::syscall(SYS_gettid));
    EXPECT_EQ(::read(pipe_[0], &byte, 1), 1);
  }

  int pipe_[2];
  int opened_;
  std::atomic<Address> stack_ = 0;
  std::atomic<pid_t> tid_ = 0;
  std::thread thread_;
};

TEST(ThreadRegisters, OfAThreadThatSleeps) {
  auto reader = ThreadRegisters::open();
  ASSERT_TRUE(reader.ok()) << reader.failure().message;
  SleepingThread sleeper;
  while (true) {
    auto threads = reader->read(::getpid());
    ASSERT_TRUE(threads.contains(sleeper.tid()));
    const ThreadRegisters::Saved& saved = threads[sleeper.tid()];
    if (saved.system_call != SYS_read) continue;  // not there yet
    constexpr Address kNear = 4096;
    EXPECT_LT(saved.registers.sp(), sleeper.stack() + kNear);
    EXPECT_GT(saved.registers.sp(), sleeper.stack() - kNear);
    // The arguments of the call, and the instruction after it.
    EXPECT_EQ(saved.registers.values[Registers::kRdx], 1);
    EXPECT_EQ(saved.registers.values[Registers::kRsi], sleeper.stack());
    EXPECT_EQ(*reinterpret_cast<const uint16_t*>(saved.registers.pc() - 2), 0x050f);
    return;
  }
}

TEST(ThreadRegisters, OfNoProcess) {
  auto reader = ThreadRegisters::open();
  ASSERT_TRUE(reader.ok()) << reader.failure().message;
  EXPECT_TRUE(reader->read(0x7fffffff).empty());
}

}  // namespace
}  // namespace rtprof::kernel
