#pragma once

#include <array>
#include <memory>
#include <optional>

#include "common/sampler/plan.h"
#include "common/sampler/run_services.h"
#include "kernel/bpf_sampler.h"
#include "native/workshop.h"

namespace rtprof::cli {

// The services of one run, by the plan of the whole.
class Services final : public RunServices {
 public:
  // `quiet`: nothing is announced.
  Services(const SamplingPlan& plan, bool quiet) : plan_(plan), quiet_(quiet) {}

  Recorder& recorder() override { return recorder_; }
  Result<kernel::BpfSampler*> bpf(bool machine_stacks) override;
  native::Workshop& workshop() override { return workshop_; }
  void announce_agent(pid_t pid) override;
  void announce_recorder(pid_t pid) override;

  // CPU time of the BPF programs; 0 when none were needed.
  Nanoseconds bpf_cpu_time() const;

 private:
  const SamplingPlan& plan_;
  const bool quiet_;
  // Without and with machine stacks; empty until asked for.
  std::array<std::optional<Result<std::unique_ptr<kernel::BpfSampler>>>, 2> bpf_;
  native::Workshop workshop_;
  Recorder recorder_;  // last: its namers use the workshop
};

}  // namespace rtprof::cli
