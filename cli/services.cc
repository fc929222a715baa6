#include "cli/services.h"

namespace rtprof::cli {

Result<kernel::BpfSampler*> Services::bpf() {
  if (!bpf_) bpf_ = kernel::BpfSampler::open(plan_.has(Event::kWall) || plan_.idle);
  if (!*bpf_) return bpf_->failure();
  return (*bpf_)->get();
}

Nanoseconds Services::bpf_cpu_time() const {
  return bpf_ && *bpf_ ? (**bpf_)->cpu_time() : 0;
}

}  // namespace rtprof::cli
