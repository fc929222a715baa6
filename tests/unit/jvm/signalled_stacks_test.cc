#include "jvm/signalled_stacks.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "agents/ring_writer.h"
#include "common/agent/placed_library.h"

namespace rtprof::jvm {
namespace {

constexpr uint64_t kRingBytes = 64 << 10;
constexpr uint8_t kLibrary[] = {1, 2, 3, 4};
constexpr int kRip = 16;
constexpr const char* kBlocked = "[unknown: the thread blocks the signal]";
constexpr const char* kSilent = "[unknown: the thread does not answer the signal]";
constexpr const char* kBroken = "[unknown: the ring that the target writes makes no sense]";

// The agent's part in this process: what the handler of the signal does is up to the test.
struct FakeAgent {
  enum Answer { kWrites, kLoses, kWaits };

  agents::RingWriter ring;
  std::atomic<Answer> answer = kWrites;
  std::atomic<bool> may_go_on = false;  // one that waits
  std::atomic<int> signals = 0;
  std::atomic<uint64_t> pc = 0;  // where the last signal came

  void write(uint64_t number, uint64_t pc_there) {
    constexpr uint32_t kStackBytes = 64;
    auto room = ring.reserve(sizeof(agents::Snapshot) + kStackBytes, agents::RecordType::kSnapshot);
    auto* record = reinterpret_cast<agents::Snapshot*>(room.record);
    if (record == nullptr) return;
    record->number = number;
    record->time = static_cast<uint64_t>(monotonic_now());
    record->stack_bytes = kStackBytes;
    record->attached_bytes = 0;
    std::memset(record->registers, 0, sizeof record->registers);
    record->registers[kRip] = pc_there;
    std::memset(static_cast<void*>(record + 1), 0, kStackBytes);
    ring.commit(room, true);
  }
};
FakeAgent* fake = nullptr;

void on_signal(int, siginfo_t* info, void* context) {
  int error = errno;
  uint64_t number = reinterpret_cast<uintptr_t>(info->si_value.sival_ptr) & agents::kMostSnapshotNumber;
  fake->pc = static_cast<uint64_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
  FakeAgent::Answer answer = fake->answer;
  ++fake->signals;
  while (answer == FakeAgent::kWaits && !fake->may_go_on) continue;
  if (answer != FakeAgent::kLoses) fake->write(number, fake->pc);
  errno = error;
}

// A thread that runs all the while.
class Spinning {
 public:
  explicit Spinning(bool blocks) {
    std::atomic<pid_t> tid = 0;
    thread_ = std::thread([this, &tid, blocks] {
      sigset_t set;
      ::sigemptyset(&set);
      ::sigaddset(&set, agents::kSnapshotSignal);
      if (blocks) ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
      tid = ::gettid();
      while (!ends_) continue;
    });
    while (tid == 0) std::this_thread::yield();
    tid_ = tid;
  }
  ~Spinning() { end(); }
  void end() {
    ends_ = true;
    if (thread_.joinable()) thread_.join();
  }
  pid_t tid() const { return tid_; }
  pthread_t handle() { return thread_.native_handle(); }

 private:
  std::atomic<bool> ends_ = false;
  std::thread thread_;
  pid_t tid_ = 0;
};

class SignalledStacksTest : public testing::Test {
 protected:
  using Taken = native::RunningStacks::Taken;

  SignalledStacksTest() : process_(Process::open(::getpid())) {
    auto placed = std::move(*PlacedLibrary::place(process_, kLibrary));
    auto ring = std::move(*SharedRing::make(kRingBytes));
    memory_ = UniqueFd(::dup(ring.memory()));
    EXPECT_TRUE(fake_.ring.open(::dup(ring.memory()), ::dup(ring.event())));
    fake = &fake_;
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(agents::kSnapshotSignal, &action, &before_);
    agent_ = std::make_shared<Agent>(std::move(*AgentLink::listen(placed, process_)), std::move(ring));
    stacks_.emplace(process_, agent_);
  }
  ~SignalledStacksTest() override {
    fake_.may_go_on = true;
    thread_.reset();
    ::sigaction(agents::kSnapshotSignal, &before_, nullptr);
    fake_.ring.close();
  }

  void run_thread(bool blocks = false) {
    thread_ = std::make_unique<Spinning>(blocks);
    pulled_ = std::make_unique<PulledThread>(::getpid(), thread_->tid(), 0.1, monotonic_now());
  }
  // A tick.
  Taken take() {
    stacks_->begin_batch();
    return stacks_->take(*pulled_, [] { ADD_FAILURE() << "what is beside the stack is read later"; });
  }
  // Ticks until there is something else to say than that it is late, or for so long.
  Taken take_until(Nanoseconds patience) {
    Taken taken = take();
    for (TimePoint end = monotonic_now() + patience; taken.late && monotonic_now() < end; taken = take())
      ::usleep(2000);
    return taken;
  }
  bool wait_for_signals(int count) const {
    for (TimePoint end = monotonic_now() + 5 * kSecond; fake_.signals < count && monotonic_now() < end;)
      ::usleep(100);
    return fake_.signals >= count;
  }

  Process process_;
  UniqueFd memory_;  // the ring's
  FakeAgent fake_;
  struct sigaction before_ {};
  std::shared_ptr<Agent> agent_;
  std::optional<SignalledStacks> stacks_;
  std::unique_ptr<Spinning> thread_;
  std::unique_ptr<PulledThread> pulled_;
};

TEST_F(SignalledStacksTest, ThreadIsTakenAsItWasInterrupted) {
  run_thread();
  for (int i = 0; i < 20; ++i) {
    Taken taken = take_until(5 * kSecond);
    ASSERT_TRUE(taken.is_taken) << i;
    ASSERT_TRUE(taken.snapshot);
    EXPECT_EQ(taken.snapshot->registers.pc(), fake_.pc);
    EXPECT_EQ(taken.snapshot->stack.size(), 64u);
    EXPECT_TRUE(taken.times);
  }
}

TEST_F(SignalledStacksTest, LostRecordIsAskedForAgain) {
  run_thread();
  fake_.answer = FakeAgent::kLoses;
  Taken taken = take();
  EXPECT_FALSE(taken.is_taken);
  EXPECT_TRUE(taken.late);
  EXPECT_TRUE(taken.denied.empty());
  ASSERT_TRUE(wait_for_signals(1));
  // Not at once: it may come yet.
  taken = take();
  EXPECT_TRUE(taken.late);
  EXPECT_EQ(fake_.signals, 1);
  fake_.answer = FakeAgent::kWrites;
  taken = take_until(5 * kSecond);
  EXPECT_TRUE(taken.is_taken);
  EXPECT_GE(fake_.signals, 2);
}

TEST_F(SignalledStacksTest, RecordThatComesLateIsNoSample) {
  run_thread();
  fake_.answer = FakeAgent::kWaits;
  EXPECT_TRUE(take().late);
  ASSERT_TRUE(wait_for_signals(1));
  EXPECT_TRUE(take().late);
  EXPECT_EQ(fake_.signals, 1);
  fake_.answer = FakeAgent::kWrites;
  fake_.may_go_on = true;
  pollfd event{agent_->event(), POLLIN, 0};
  ASSERT_EQ(::poll(&event, 1, 5000), 1);
  ASSERT_TRUE(take_until(5 * kSecond).is_taken);
  EXPECT_GE(fake_.signals, 2);
}

TEST_F(SignalledStacksTest, RecordsThatNobodyAskedForAreNone) {
  run_thread();
  fake_.answer = FakeAgent::kLoses;
  EXPECT_TRUE(take().late);
  ASSERT_TRUE(wait_for_signals(1));
  fake_.write(4711, 0x1234);
  Taken taken = take();
  EXPECT_FALSE(taken.is_taken);
  EXPECT_TRUE(taken.late);
  // The one that was asked for, twice.
  fake_.answer = FakeAgent::kWrites;
  fake_.write(0, 0x1234);
  fake_.write(0, 0x1234);
  taken = take_until(5 * kSecond);
  ASSERT_TRUE(taken.is_taken);
  EXPECT_EQ(taken.snapshot->registers.pc(), fake_.pc);
}

TEST_F(SignalledStacksTest, ThreadThatBlocksTheSignalIsSaidToDoSo) {
  run_thread(true);
  EXPECT_TRUE(take().late);
  Taken taken = take_until(5 * kSecond);
  EXPECT_EQ(taken.denied, kBlocked);
  EXPECT_FALSE(taken.is_taken);
  EXPECT_EQ(fake_.signals, 0);
}

TEST_F(SignalledStacksTest, AgentsOwnThreadIsToldAtOnce) {
  run_thread(true);
  ASSERT_EQ(::pthread_setname_np(thread_->handle(), "rtprof-agent"), 0);
  stacks_.emplace(process_, agent_);
  EXPECT_EQ(stacks_->told(thread_->tid()), "[rtprof-agent]");
  EXPECT_EQ(stacks_->told(::gettid()), "");
  Taken taken = take();
  EXPECT_EQ(taken.denied, "[rtprof-agent]");
  EXPECT_FALSE(taken.late);
}

TEST_F(SignalledStacksTest, ThreadThatNeverAnswersIsSaidToAndGoesOnToBeAsked) {
  run_thread();
  fake_.answer = FakeAgent::kLoses;
  TimePoint begin = monotonic_now();
  Taken taken = take_until(5 * kSecond);
  EXPECT_EQ(taken.denied, kSilent);
  EXPECT_GE(monotonic_now() - begin, kSecond);
  EXPECT_GE(fake_.signals, 2);
  fake_.answer = FakeAgent::kWrites;
  EXPECT_TRUE(take_until(5 * kSecond).is_taken);
}

TEST_F(SignalledStacksTest, EndWaitsForASignalThatIsUnderWay) {
  run_thread();
  fake_.answer = FakeAgent::kWaits;
  EXPECT_TRUE(take().late);
  ASSERT_TRUE(wait_for_signals(1));
  std::atomic<bool> is_answered = false;
  std::thread later([&] {
    ::usleep(20'000);
    is_answered = true;
    fake_.may_go_on = true;
  });
  stacks_.reset();
  EXPECT_TRUE(is_answered);
  later.join();
}

TEST_F(SignalledStacksTest, EndWaitsForAMomentOnly) {
  run_thread();
  fake_.answer = FakeAgent::kLoses;
  EXPECT_TRUE(take().late);
  ASSERT_TRUE(wait_for_signals(1));
  TimePoint begin = monotonic_now();
  stacks_.reset();
  EXPECT_LT(monotonic_now() - begin, kSecond);
}

TEST_F(SignalledStacksTest, ThreadThatHasEndedIsNeitherTakenNorLate) {
  run_thread();
  thread_->end();
  Taken taken = take();
  EXPECT_FALSE(taken.is_taken);
  EXPECT_FALSE(taken.late);
  EXPECT_TRUE(taken.denied.empty());
}

TEST_F(SignalledStacksTest, RingThatMakesNoSenseIsSaid) {
  run_thread();
  fake_.answer = FakeAgent::kLoses;
  uint64_t head = ~uint64_t{0};
  ASSERT_EQ(::pwrite(memory_.get(), &head, sizeof head, offsetof(agents::RingHeader, head)),
            static_cast<ssize_t>(sizeof head));
  EXPECT_EQ(take().denied, kBroken);
}

}  // namespace
}  // namespace rtprof::jvm
