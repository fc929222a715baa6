#include "kernel/perf_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "common/process/process.h"
#include "tests/unit/kernel/child_process.h"

namespace rtprof::kernel {
namespace {

[[noreturn]] void spin() {
  for (std::atomic<unsigned> i = 0;;) i.fetch_add(1, std::memory_order_relaxed);
}

void spin_for(Nanoseconds cpu_time) {
  timespec start{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
  for (;;) {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    if ((now.tv_sec - start.tv_sec) * kSecond + now.tv_nsec - start.tv_nsec >= cpu_time) return;
  }
}

void spin_in_threads(int count) {
  for (int i = 0; i < count; ++i) std::thread(spin).detach();
  for (;;) ::pause();
}

// Keeps what it is told.
class Recording : public PerfSink {
 public:
  void on_sample(const SampleRecord& sample, Nanoseconds weight) override {
    ++samples;
    total += weight;
    by_thread[sample.id.tid] += weight;
    auto [last, first] = last_time.try_emplace(sample.id.tid, sample.id.time);
    if (!first && sample.id.time < last->second) ++disordered;
    last->second = sample.id.time;
    if (sample.user && !sample.user->stack.empty()) {
      ++with_stack;
      stack_bytes += sample.user->stack.size();
      if (!sample.in_kernel && sample.user->registers.pc() != sample.pc) ++wrong_registers;
    }
    if (!sample.user_callchain.empty()) ++with_user_callchain;
    if (sample.in_kernel && !sample.kernel_callchain.empty()) ++with_kernel_callchain;
    pids.insert(sample.id.pid);
  }
  void on_thread_start(pid_t, pid_t tid, TimePoint) override { started.insert(tid); }
  void on_thread_end(pid_t, pid_t tid, TimePoint) override { ended.insert(tid); }
  void on_exec(pid_t, TimePoint) override { ++execs; }
  void on_process_start(pid_t pid, pid_t, TimePoint) override { children.insert(pid); }
  void on_mapping(const MappingRecord& mapping) override { mapped.emplace(mapping.path); }
  void on_switch(const SwitchRecord& record) override {
    record.out ? ++switches_out : ++switches_in;
    if (record.out && left.erase(record.id.tid) != 0) ++switches_with_stack;
  }
  void on_switch_stack(const SampleRecord& sample) override {
    bool has_stack = sample.user && !sample.user->stack.empty() && !sample.kernel_callchain.empty();
    if (has_stack) left.insert(sample.id.tid);
  }
  void on_lost(const LostRecord& record) override {
    lost += record.count;
    if (gaps_begun == 0) ++untold_losses;
  }
  void on_gap(uint32_t, bool begins) override { begins ? ++gaps_begun : ++gaps_ended; }

  uint64_t samples = 0, with_stack = 0, stack_bytes = 0, wrong_registers = 0, with_user_callchain = 0,
           with_kernel_callchain = 0, disordered = 0, lost = 0, switches_out = 0, switches_in = 0,
           switches_with_stack = 0, execs = 0, gaps_begun = 0, gaps_ended = 0, untold_losses = 0;
  Nanoseconds total = 0;
  std::map<pid_t, Nanoseconds> by_thread;
  std::map<pid_t, TimePoint> last_time;
  std::set<pid_t> pids, started, ended, children, left;
  std::set<std::string> mapped;
};

// Holds a child back until it is opened.
class Gate {
 public:
  Gate() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    read_ = UniqueFd(ends[0]);
    write_ = UniqueFd(ends[1]);
  }
  void wait() const {
    char byte = 0;
    if (::read(read_.get(), &byte, 1) != 1) ::_exit(1);
  }
  void open() const { EXPECT_EQ(::write(write_.get(), "x", 1), 1); }

 private:
  UniqueFd read_;
  UniqueFd write_;
};

void drain_for(PerfSampler& sampler, PerfSink& sink, Nanoseconds time) {
  for (TimePoint end = monotonic_now() + time; monotonic_now() < end;) {
    pollfd readable{sampler.fd(), POLLIN, 0};
    ::poll(&readable, 1, 50);
    sampler.drain(sink);
  }
}

// What samples of two seconds weigh against what the process used meanwhile by its own account.
struct Balance {
  double weight;
  double used;
  double lost;  // what lost records would weigh if all were samples

  // Equal within `tolerance`, or as much less as was told to be lost: a busy machine may keep the test from
  // reading in time.
  testing::AssertionResult holds(double tolerance) const {
    bool enough = weight + lost >= used * (1 - tolerance);
    bool no_more = weight <= used * (1 + tolerance);
    if (enough && no_more) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "weight " << weight << " lost " << lost << " used " << used;
  }
};

Balance balance_of(PerfSampler& sampler, const Process& process, Recording& recording, Nanoseconds period) {
  sampler.drain(recording);
  Nanoseconds weight = recording.total;
  uint64_t lost = recording.lost;
  Nanoseconds used = process.cpu_time();
  drain_for(sampler, recording, 2 * kSecond);
  used = process.cpu_time() - used;
  sampler.drain(recording);
  return {static_cast<double>(recording.total - weight), static_cast<double>(used),
          static_cast<double>(recording.lost - lost) * static_cast<double>(period)};
}

// The timer of a CPU meets bursts of others that begin by timers, too, less or more often than they run.
double tolerance(PerfScope scope) {
  return scope == PerfScope::kThreads ? 0.04 : 0.12;
}

PerfConfig config_for(pid_t pid, double rate, PerfScope scope) {
  PerfConfig config;
  config.pids = {pid};
  config.period = static_cast<Nanoseconds>(1e9 / rate);
  config.scope = scope;
  return config;
}

class PerfSamplerTest : public testing::TestWithParam<PerfScope> {
 protected:
  // Nothing where perf events are not permitted.
  std::unique_ptr<PerfSampler> open(const PerfConfig& config) {
    auto sampler = PerfSampler::open(config);
    if (sampler) (*sampler)->start();
    if (sampler) return std::move(*sampler);
    reason_ = sampler.failure().message;
    return nullptr;
  }
  std::string reason_;
};

TEST_P(PerfSamplerTest, SamplesWeighTheCpuTimeOfAllThreads) {
  constexpr int kThreads = 6;
  ChildProcess child([] { spin_in_threads(kThreads); });
  Process process = Process::open(child.pid());
  PerfConfig config = config_for(child.pid(), 999, GetParam());
  config.stack_bytes = 16384;
  auto sampler = open(config);
  if (!sampler) GTEST_SKIP() << reason_;
  Recording recording;
  Balance balance = balance_of(*sampler, process, recording, config.period);
  EXPECT_EQ(recording.lost, 0u);
  EXPECT_EQ(recording.disordered, 0u);
  EXPECT_EQ(recording.wrong_registers, 0u);
  // The kernel copies nothing of a page that is not there yet, as where a thread begins.
  EXPECT_GE(recording.with_stack + kThreads, recording.samples);
  EXPECT_TRUE(balance.holds(tolerance(GetParam())));
  EXPECT_EQ(recording.pids, std::set<pid_t>{child.pid()});
}

// Threads one after the other, each of them gone before the next begins.
void spin_in_short_threads(Nanoseconds each) {
  for (;;) std::thread(spin_for, each).join();
}

TEST_P(PerfSamplerTest, ThreadsThatComeAndGoAreFollowed) {
  ChildProcess child([] { spin_in_short_threads(20 * kMillisecond); });
  Process process = Process::open(child.pid());
  PerfConfig config = config_for(child.pid(), 999, GetParam());
  auto sampler = open(config);
  if (!sampler) GTEST_SKIP() << reason_;
  if (!sampler->setup().kernel) GTEST_SKIP() << "CPU time in the kernel is in no sample";
  Recording recording;
  Balance balance = balance_of(*sampler, process, recording, config.period);
  EXPECT_GT(recording.ended.size(), 10u);
  EXPECT_GE(recording.started.size(), recording.ended.size());
  EXPECT_TRUE(balance.holds(2 * tolerance(GetParam())));
}

TEST_P(PerfSamplerTest, FiveHundredThreads) {
  ChildProcess child([] { spin_in_threads(500); });
  Process process = Process::open(child.pid());
  // Let most of them appear; the others do while events are opened.
  while (process.threads().size() < 250) ::usleep(1000);
  PerfConfig config = config_for(child.pid(), 999, GetParam());
  config.stack_bytes = 16384;
  auto sampler = open(config);
  if (!sampler) GTEST_SKIP() << reason_;
  if (!sampler->setup().kernel) GTEST_SKIP() << "CPU time in the kernel is in no sample";
  Recording recording;
  // Events of threads begin together, in the same phase, which weighs where each has some ticks only.
  drain_for(*sampler, recording, kSecond);
  // How many get a CPU in a second is the scheduler's affair, and the other tests'.
  for (int more = 0; more < 5 && recording.by_thread.size() <= 100; ++more)
    drain_for(*sampler, recording, kSecond);
  Balance balance = balance_of(*sampler, process, recording, config.period);
  EXPECT_GT(recording.by_thread.size(), 100u);
  EXPECT_GE(recording.started.size(), 250u);
  EXPECT_TRUE(balance.holds(2 * tolerance(GetParam())));
}

TEST_P(PerfSamplerTest, TargetThatEnds) {
  ChildProcess child([] { spin_for(100 * kMillisecond); });
  auto sampler = open(config_for(child.pid(), 999, GetParam()));
  if (!sampler) GTEST_SKIP() << reason_;
  Recording recording;
  while (recording.ended.empty()) drain_for(*sampler, recording, 50 * kMillisecond);
  EXPECT_EQ(recording.ended, std::set<pid_t>{child.pid()});
  // Events of CPUs go on sampling what the kernel does for a thread that has announced its end.
  child.wait_until_ended();
  sampler->drain(recording);
  uint64_t samples = recording.samples;
  EXPECT_GT(samples, 0u);
  drain_for(*sampler, recording, 100 * kMillisecond);
  EXPECT_EQ(recording.samples, samples);
}

TEST_P(PerfSamplerTest, TargetThatBecomesAnotherProgram) {
  Gate gate;
  ChildProcess child([&] {
    gate.wait();
    ::execl("/bin/sh", "sh", "-c", "while :; do :; done", nullptr);
  });
  auto sampler = open(config_for(child.pid(), 999, GetParam()));
  if (!sampler) GTEST_SKIP() << reason_;
  gate.open();
  Recording recording;
  while (recording.execs == 0 || recording.samples < 10) drain_for(*sampler, recording, 50 * kMillisecond);
  EXPECT_EQ(recording.execs, 1u);
  EXPECT_TRUE(recording.mapped.contains(Process::open(child.pid()).executable()));
}

TEST_P(PerfSamplerTest, ChildrenAreFollowedOnRequestOnly) {
  for (bool follow : {false, true}) {
    Gate gate;
    ChildProcess child([&] {
      gate.wait();
      // Ends with the first process.
      if (::fork() == 0) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      spin();
    });
    PerfConfig config = config_for(child.pid(), 999, GetParam());
    config.follow_children = follow;
    auto sampler = open(config);
    if (!sampler) GTEST_SKIP() << reason_;
    gate.open();
    Recording recording;
    drain_for(*sampler, recording, kSecond / 2);
    EXPECT_EQ(recording.children.size(), follow ? 1u : 0u);
    EXPECT_EQ(recording.pids.size(), follow ? 2u : 1u);
  }
}

TEST_P(PerfSamplerTest, SwitchesAlternate) {
  ChildProcess child([] {
    for (;;) ::usleep(1000);
  });
  PerfConfig config = config_for(child.pid(), 999, GetParam());
  config.context_switches = true;
  auto sampler = open(config);
  if (!sampler) GTEST_SKIP() << reason_;
  Recording recording;
  drain_for(*sampler, recording, kSecond / 2);
  EXPECT_GT(recording.switches_out, 10u);
  EXPECT_LE(std::max(recording.switches_in, recording.switches_out) -
                std::min(recording.switches_in, recording.switches_out),
            1u);
}

TEST_P(PerfSamplerTest, EachSwitchHasItsStackBeforeIt) {
  ChildProcess child([] {
    for (;;) {
      spin_for(kMillisecond);
      ::usleep(1000);
    }
  });
  PerfConfig config = config_for(child.pid(), 999, GetParam());
  config.stack_bytes = 4096;
  config.switch_stacks = true;
  for (bool clock : {false, true}) {
    config.clock = clock;
    auto sampler = open(config);
    if (!sampler) GTEST_SKIP() << reason_;
    Recording recording;
    drain_for(*sampler, recording, kSecond / 2);
    EXPECT_GT(recording.switches_out, 10u);
    // The first may have been under way.
    EXPECT_GE(recording.switches_with_stack + 1, recording.switches_out);
    EXPECT_EQ(recording.samples > 0, clock);
  }
}

TEST_P(PerfSamplerTest, FullRingIsToldBeforeItsLosses) {
  ChildProcess child([] {
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    ::sched_setaffinity(0, sizeof first, &first);
    auto take_turns = [] {
      for (;;) ::sched_yield();
    };
    std::thread other(take_turns);
    take_turns();
  });
  PerfConfig config = config_for(child.pid(), 999, GetParam());
  config.context_switches = true;
  auto sampler = open(config);
  if (!sampler) GTEST_SKIP() << reason_;
  Recording recording;
  for (useconds_t wait = 100'000; recording.lost == 0; wait *= 2) {
    ::usleep(wait);
    sampler->drain(recording);
    drain_for(*sampler, recording, kSecond / 10);
  }
  EXPECT_GT(recording.gaps_begun, 0u);
  // Nothing is written any more: what is left is drained, and there has been room since.
  ::kill(child.pid(), SIGKILL);
  for (int drains = 0; drains < 3; ++drains) {
    ::usleep(50'000);
    sampler->drain(recording);
  }
  EXPECT_EQ(recording.gaps_begun, recording.gaps_ended);
  EXPECT_EQ(recording.untold_losses, 0u);
}

INSTANTIATE_TEST_SUITE_P(Scopes, PerfSamplerTest, testing::Values(PerfScope::kThreads, PerfScope::kCpus),
                         [](const auto& scope) {
                           return std::string(scope.param == PerfScope::kThreads ? "Threads" : "Cpus");
                         });

TEST(PerfSampler, WholeMachine) {
  ChildProcess child([] { spin(); });
  auto sampler = PerfSampler::open({.period = kMillisecond});
  if (!sampler) GTEST_SKIP() << sampler.failure().message;
  (*sampler)->start();
  EXPECT_EQ((*sampler)->setup().scope, PerfScope::kCpus);
  Recording recording;
  while (!recording.pids.contains(child.pid())) drain_for(**sampler, recording, 100 * kMillisecond);
  EXPECT_FALSE(recording.pids.contains(0));
  EXPECT_GE((*sampler)->counts().samples, recording.samples);
}

// Where BPF is permitted, nothing of other processes is taken from the kernel.
TEST(PerfSampler, SamplesOfOthersAreNotTaken) {
  ChildProcess child([] { spin(); });
  ChildProcess other([] { spin_in_threads(4); });
  if (!PerfFilter::load({}, -1)) GTEST_SKIP() << "BPF is not permitted";
  auto sampler = PerfSampler::open(config_for(child.pid(), 999, PerfScope::kCpus));
  if (!sampler) GTEST_SKIP() << sampler.failure().message;
  (*sampler)->start();
  Recording recording;
  while (recording.samples < 10) drain_for(**sampler, recording, 100 * kMillisecond);
  EXPECT_EQ((*sampler)->counts().of_others, 0u);
}

// A filter for another process in the place of a program that refuses: neither an event nor one that inherits
// it gives samples.
TEST(PerfSampler, AProgramMayRefuseSamples) {
  ChildProcess child([] { spin_in_short_threads(5 * kMillisecond); });
  const pid_t nobody[] = {::getpid()};
  auto filter = PerfFilter::load(nobody, -1);
  if (!filter) GTEST_SKIP() << filter.failure().message;
  PerfConfig config = config_for(child.pid(), 999, PerfScope::kThreads);
  config.program = filter->program();
  auto sampler = PerfSampler::open(config);
  if (!sampler) GTEST_SKIP() << sampler.failure().message;
  (*sampler)->start();
  Recording recording;
  while (recording.ended.size() < 3) drain_for(**sampler, recording, 50 * kMillisecond);
  EXPECT_EQ(recording.samples, 0u);
}

// The soft limit of open descriptors, lowered for a while.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit lower = before_;
    lower.rlim_cur = limit;
    ::setrlimit(RLIMIT_NOFILE, &lower);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(PerfSampler, TooManyThreadsForAnEventEachAreSampledByTheirCpus) {
  ChildProcess child([] { spin_in_threads(100); });
  Process process = Process::open(child.pid());
  while (process.threads().size() < 100) ::usleep(1000);
  DescriptorLimit limit(128);
  auto threads = PerfSampler::open(config_for(child.pid(), 99, PerfScope::kThreads));
  ASSERT_FALSE(threads.ok());
  EXPECT_EQ(threads.failure().error, EMFILE);
  EXPECT_THAT(threads.failure().message, testing::HasSubstr("ulimit -n"));
  if (!PerfSampler::open(config_for(child.pid(), 99, PerfScope::kCpus)))
    GTEST_SKIP() << "CPUs are not permitted";
  auto sampler = PerfSampler::open(config_for(child.pid(), 99, PerfScope::kAuto));
  ASSERT_TRUE(sampler.ok());
  EXPECT_EQ((*sampler)->setup().scope, PerfScope::kCpus);
}

// Whoever may have events of CPUs sees what threads of a millisecond do: an event that begins with a period
// of as much does not.
TEST(PerfSampler, ThreadsThatLiveTooShortlyAreSampledByTheirCpus) {
  ChildProcess child([] { spin_in_short_threads(kMillisecond); });
  Process process = Process::open(child.pid());
  if (!PerfSampler::open(config_for(child.pid(), 999, PerfScope::kCpus)))
    GTEST_SKIP() << "CPUs are not permitted";
  auto sampler = PerfSampler::open(config_for(child.pid(), 999, PerfScope::kAuto));
  ASSERT_TRUE(sampler.ok());
  (*sampler)->start();
  Recording recording;
  while ((*sampler)->setup().scope != PerfScope::kCpus) drain_for(**sampler, recording, 50 * kMillisecond);
  Balance balance = balance_of(**sampler, process, recording, config_for(0, 999, PerfScope::kAuto).period);
  // Some 1,900 samples: 4 sigma are 9 %.
  EXPECT_TRUE(balance.holds(0.15));
}

// Exit statuses of the child below.
enum Unprivileged { kAsExpected = 0, kNotOpened, kKernelSeen, kNoReason, kRingsTooLarge };

Unprivileged sample_oneself_without_privileges() {
  rlimit none{0, 0};
  ::setrlimit(RLIMIT_MEMLOCK, &none);
  constexpr uid_t kNobody = 65534;
  if (::setresuid(kNobody, kNobody, kNobody) != 0 || ::prctl(PR_SET_DUMPABLE, 1) != 0) return kNotOpened;
  PerfConfig config = config_for(::getpid(), 999, PerfScope::kAuto);
  config.stack_bytes = 16384;
  auto sampler = PerfSampler::open(config);
  if (!sampler) return kNotOpened;
  const PerfSetup& setup = (*sampler)->setup();
  if (setup.kernel) return kKernelSeen;
  // 516 KiB for each CPU by default.
  if (setup.ring_bytes > (512 << 10)) return kRingsTooLarge;
  bool told = std::ranges::any_of(setup.limits, [](const Denial& limit) {
    return limit.reason.find("kernel.perf_event_paranoid is 2") != std::string::npos;
  });
  return told && setup.limits.size() == 2 ? kAsExpected : kNoReason;
}

TEST(PerfSampler, WithoutPrivilegesUserSpaceIsSampledInSmallRings) {
  PerfFacts facts = gather_perf_facts();
  if (::geteuid() != 0 || facts.paranoid != 2 || facts.mlock_kb != 516)
    GTEST_SKIP() << "needs root and defaults";
  pid_t pid = ::fork();
  if (pid == 0) ::_exit(sample_oneself_without_privileges());
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kAsExpected);
}

TEST(PerfSampler, AProcessThatIsGoneIsAFailure) {
  pid_t pid = 0;
  {
    ChildProcess child([] {});
    pid = child.pid();
  }
  auto sampler = PerfSampler::open(config_for(pid, 99, PerfScope::kThreads));
  ASSERT_FALSE(sampler.ok());
  EXPECT_FALSE(sampler.failure().message.empty());
}

}  // namespace
}  // namespace rtprof::kernel
