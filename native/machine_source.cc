#include "native/machine_source.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "common/base/file.h"
#include "kernel/perf_sampler.h"
#include "native/perf_output.h"
#include "native/process_code.h"

namespace rtprof::native {
namespace {

// CPU time of all CPUs that was not idle, from the first line of /proc/stat: user, nice, system, idle,
// iowait, irq, softirq, in clock ticks (proc(5)).
Nanoseconds machine_cpu_time() {
  auto text = read_file("/proc/stat");
  if (!text) return 0;
  constexpr int kFields = 7;
  Nanoseconds ticks = 0;
  char* at = text->data() + std::string_view("cpu").size();
  for (int field = 0; field < kFields; ++field) {
    Nanoseconds value = std::strtoll(at, &at, 10);
    bool idle = field == 3 || field == 4;
    if (!idle) ticks += value;
  }
  return ticks * (kSecond / ::sysconf(_SC_CLK_TCK));
}

class MachineSource final : public Source, public kernel::PerfSink {
 public:
  MachineSource(const SamplingPlan& plan, Recorder& recorder, Workshop& workshop)
      : plan_(plan),
        recorder_(recorder),
        workshop_(workshop),
        of_kernel_(std::make_shared<Process>(Process::open(::getpid())), plan, recorder, workshop) {
    quality_.runtime = "native";
    quality_.requested_rate = plan.rate;
  }

  std::optional<Failure> start() {
    cpu_at_start_ = machine_cpu_time();
    auto sampler = kernel::PerfSampler::open(perf_config(plan_));
    if (!sampler) return sampler.failure();
    sampler_ = std::move(*sampler);
    quality_.reason = limits_text(sampler_->setup());
    return std::nullopt;
  }

  Schedule schedule() const override { return {0, sampler_->fd()}; }
  TimePoint since() const override { return sampler_->since(); }
  void tick(TimePoint, Recorder&) override {}
  void missed_ticks(uint64_t) override {}
  void drain(Recorder&) override {
    sampler_->drain(*this);
    ++quality_.ticks;
  }
  void flush(Recorder&) override {}
  bool ended() const override { return false; }

  std::vector<RunQuality> quality() const override {
    RunQuality quality = quality_;
    quality.lost = sampler_->counts().lost;
    quality.asked = quality.samples + quality.lost;
    quality.threads = threads_.size();
    quality.target_cpu = machine_cpu_time() - cpu_at_start_;
    return {quality};
  }

  void on_sample(const kernel::SampleRecord& record, Nanoseconds weight) override {
    name_thread(record.id.pid, record.id.tid);
    record_perf_sample(record, weight, plan_, code_of(record.id.pid), recorder_, quality_);
  }
  void on_mapping(const kernel::MappingRecord& record) override {
    if (auto known = targets_.find(record.id.pid); known != targets_.end() && known->second)
      known->second->changed();
  }
  void on_name(const kernel::NameRecord& record) override {
    recorder_.thread_name({record.id.pid, record.id.tid}, record.name);
  }
  void on_exec(pid_t pid, TimePoint) override { targets_.erase(pid); }
  void on_thread_end(pid_t pid, pid_t tid, TimePoint) override {
    if (pid == tid) targets_.erase(pid);
  }

 private:
  // Of a process; of the kernel's own threads, and of a process that has ended before it was looked at, what
  // the kernel does for them.
  ProcessCode& code_of(pid_t pid) {
    auto [known, is_new] = targets_.try_emplace(pid);
    if (is_new) {
      auto process = Process::try_open(pid);
      if (process) {
        recorder_.process(pid, process->command());
        known->second = std::make_unique<ProcessCode>(std::make_shared<Process>(std::move(*process)), plan_,
                                                      recorder_, workshop_);
      } else if (std::string name = kernel_thread_name(pid, pid); !name.empty()) {
        recorder_.process(pid, fmt::format("[{}]", name));
      }
    }
    return known->second ? *known->second : of_kernel_;
  }

  void name_thread(pid_t pid, pid_t tid) {
    if (!threads_.emplace(pid, tid).second) return;
    std::string name = kernel_thread_name(pid, tid);
    if (!name.empty()) recorder_.thread_name({pid, tid}, name);
  }

  SamplingPlan plan_;
  Recorder& recorder_;
  Workshop& workshop_;
  ProcessCode of_kernel_;
  std::map<pid_t, std::unique_ptr<ProcessCode>> targets_;  // null: nothing of its own can be read
  std::unique_ptr<kernel::PerfSampler> sampler_;
  std::set<std::pair<pid_t, pid_t>> threads_;
  Nanoseconds cpu_at_start_ = 0;
  RunQuality quality_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_machine_source(const SamplingPlan& plan, Recorder& recorder,
                                                    Workshop& workshop) {
  auto source = std::make_unique<MachineSource>(plan, recorder, workshop);
  if (auto failure = source->start()) return *failure;
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace rtprof::native
