#include "jvm/inner_tids.h"

#include <fmt/core.h>

namespace rtprof::jvm {

pid_t inner_tid(const Process& process, pid_t tid) {
  if (process.ns_pid() == process.pid()) return tid;
  auto status = read_status(fmt::format("{}/task/{}", process.directory(), tid));
  return status && !status->ns_pids.empty() ? status->ns_pids.back() : 0;
}

InnerTids::InnerTids(const Process& process) : are_same_(process.ns_pid() == process.pid()) {
  if (are_same_) return;
  for (pid_t tid : process.threads()) {
    if (pid_t inner = inner_tid(process, tid); inner != 0) outer_[inner] = tid;
  }
}

pid_t InnerTids::outer(pid_t inner) const {
  if (are_same_) return inner;
  auto found = outer_.find(inner);
  return found == outer_.end() ? 0 : found->second;
}

}  // namespace rtprof::jvm
