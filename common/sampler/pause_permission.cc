#include "common/sampler/pause_permission.h"

#include <fmt/core.h>

#include <string>

namespace rtprof {

// Reading the target's memory takes the permission that ptrace takes, so what is left to stand in the way is
// another tracer, and a filter on our own system calls.
std::optional<Denial> pause_refusal(const Process& process) {
  if (pid_t by = lasting_tracer(process.pid()); by != 0) {
    auto tracer = read_stat("/proc/" + std::to_string(by));
    return Denial{fmt::format("process {} is traced by {} (pid {}), and can have only one tracer",
                              process.pid(), tracer ? tracer->comm : "another process", by),
                  "detach the other tracer"};
  }
  return ptrace_denial();
}

}  // namespace rtprof
