#include "jvm/inside_agent.h"

#include "jvm/inner_tids.h"

namespace rtprof::jvm {

std::optional<std::string> InsideAgent::syscall_of(pid_t tid) const {
  pid_t inner = inner_tid(process_, tid);
  return inner == 0 ? std::nullopt : agent_->link().read_place(inner);
}

}  // namespace rtprof::jvm
