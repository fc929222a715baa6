#include "cli/services.h"

#include "kernel/elapsed_time.h"

namespace rtprof::cli {

Result<kernel::BpfSampler*> Services::bpf() {
  if (!bpf_) bpf_ = kernel::BpfSampler::open(kernel::ElapsedTime::wanted(plan_), plan_.has(Event::kOffCpu));
  if (!*bpf_) return bpf_->failure();
  return (*bpf_)->get();
}

Nanoseconds Services::bpf_cpu_time() const {
  return bpf_ && *bpf_ ? (**bpf_)->cpu_time() : 0;
}

}  // namespace rtprof::cli
