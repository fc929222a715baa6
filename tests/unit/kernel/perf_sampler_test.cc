#include "kernel/perf_sampler.h"

#include <gtest/gtest.h>
#include <poll.h>

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

[[maybe_unused]] void spin_for(Nanoseconds cpu_time) {
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
  void on_switch(const SwitchRecord& record) override { record.out ? ++switches_out : ++switches_in; }
  void on_lost(uint64_t count) override { lost += count; }

  uint64_t samples = 0, with_stack = 0, stack_bytes = 0, wrong_registers = 0, with_user_callchain = 0,
           with_kernel_callchain = 0, disordered = 0, lost = 0, switches_out = 0, switches_in = 0, execs = 0;
  Nanoseconds total = 0;
  std::map<pid_t, Nanoseconds> by_thread;
  std::map<pid_t, TimePoint> last_time;
  std::set<pid_t> pids, started, ended, children;
  std::set<std::string> mapped;
};

void drain_for(PerfSampler& sampler, PerfSink& sink, Nanoseconds time) {
  for (TimePoint end = monotonic_now() + time; monotonic_now() < end;) {
    pollfd readable{sampler.fd(), POLLIN, 0};
    ::poll(&readable, 1, 50);
    sampler.drain(sink);
  }
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
    if (sampler) return std::move(*sampler);
    reason_ = sampler.failure().message;
    return nullptr;
  }
  std::string reason_;
};

TEST_P(PerfSamplerTest, SamplesWeighTheCpuTimeOfAllThreads) {
  ChildProcess child([] { spin_in_threads(6); });
  Process process = Process::open(child.pid());
  PerfConfig config = config_for(child.pid(), 999, GetParam());
  config.stack_bytes = 16384;
  auto sampler = open(config);
  if (!sampler) GTEST_SKIP() << reason_;
  Nanoseconds before = process.cpu_time();
  Recording recording;
  drain_for(*sampler, recording, 2 * kSecond);
  Nanoseconds used = process.cpu_time() - before;
  sampler->drain(recording);
  printf(
      "samples %lu total %.3f used %.3f lost %lu stack %.0f cc %lu threads %zu ring %zu kernel %d limits %zu "
      "fds %s\n",
      recording.samples, recording.total / 1e9, used / 1e9, recording.lost,
      double(recording.stack_bytes) / std::max<uint64_t>(1, recording.with_stack),
      recording.with_user_callchain, recording.by_thread.size(), sampler->setup().ring_bytes,
      sampler->setup().kernel, sampler->setup().limits.size(), "");
  EXPECT_EQ(recording.lost, 0u);
  EXPECT_EQ(recording.disordered, 0u);
  EXPECT_EQ(recording.wrong_registers, 0u);
  EXPECT_EQ(recording.with_stack, recording.samples);
  EXPECT_NEAR(static_cast<double>(recording.total) / static_cast<double>(used), 1, 0.04);
  EXPECT_EQ(recording.pids, std::set<pid_t>{child.pid()});
}

INSTANTIATE_TEST_SUITE_P(Scopes, PerfSamplerTest, testing::Values(PerfScope::kThreads, PerfScope::kCpus),
                         [](const auto& scope) {
                           return std::string(scope.param == PerfScope::kThreads ? "Threads" : "Cpus");
                         });

}  // namespace
}  // namespace rtprof::kernel
