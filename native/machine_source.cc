#include "native/machine_source.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <utility>

#include "common/base/file.h"
#include "native/perf_base.h"

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

class MachineSource final : public PerfBase {
 public:
  MachineSource(const SamplingPlan& plan, Recorder& recorder, Workshop& workshop)
      : PerfBase(0, plan, recorder, {}),
        workshop_(workshop),
        of_kernel_(std::make_shared<Process>(Process::open(::getpid())), plan, recorder, workshop) {}

  std::optional<Failure> start() { return open(config()); }
  bool ended() const override { return false; }

 private:
  Nanoseconds cpu_time() const override { return machine_cpu_time(); }

  void on_sample(const kernel::SampleRecord& sample, Nanoseconds weight) override {
    add_thread(sample.id.pid, sample.id.tid);
    record(sample, weight, code_of(sample.id.pid));
  }
  void on_mapping(const kernel::MappingRecord& record) override {
    auto known = targets_.find(record.id.pid);
    if (known != targets_.end() && known->second) known->second->changed();
  }
  void on_exec(pid_t pid, TimePoint) override { targets_.erase(pid); }
  void on_thread_end(pid_t pid, pid_t tid, TimePoint) override {
    if (pid == tid) targets_.erase(pid);
  }

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

  Workshop& workshop_;
  ProcessCode of_kernel_;
  std::map<pid_t, std::unique_ptr<ProcessCode>> targets_;  // null: nothing of its own can be read
};

}  // namespace

Result<std::unique_ptr<Source>> open_machine_source(const SamplingPlan& plan, Recorder& recorder,
                                                    Workshop& workshop) {
  auto source = std::make_unique<MachineSource>(plan, recorder, workshop);
  if (auto failure = source->start()) return *failure;
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace rtprof::native
