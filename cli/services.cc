#include "cli/services.h"

#include <fmt/core.h>

#include "kernel/elapsed_time.h"

namespace rtprof::cli {

Result<kernel::BpfSampler*> Services::bpf(bool machine_stacks) {
  auto& bpf = bpf_[machine_stacks ? 1 : 0];
  if (!bpf) {
    bpf = kernel::BpfSampler::open({.context_switches = kernel::ElapsedTime::wanted(plan_),
                                    .each_wait = plan_.has(Event::kOffCpu),
                                    .wakers = plan_.wakers,
                                    .machine_stacks = machine_stacks});
  }
  if (!*bpf) return bpf->failure();
  return (*bpf)->get();
}

void Services::announce_agent(pid_t pid) {
  if (quiet_) return;
  fmt::print(stderr, "loading rtprof's agent into process {}, where it stays, idle afterwards\n", pid);
}

void Services::announce_recorder(pid_t pid) {
  if (quiet_) return;
  fmt::print(stderr, "switching the JVM's own recorder on in process {} until the end\n", pid);
}

Nanoseconds Services::bpf_cpu_time() const {
  Nanoseconds total = 0;
  for (const auto& bpf : bpf_) {
    if (bpf && *bpf) total += (**bpf)->cpu_time();
  }
  return total;
}

}  // namespace rtprof::cli
