#include "common/sampler/pause_permission.h"

#include <fmt/core.h>
#include <sys/ptrace.h>

#include <cerrno>
#include <climits>
#include <string>

#include "common/base/error.h"

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
  // No thread has this id: what is permitted fails with ESRCH.
  if (::ptrace(PTRACE_SEIZE, INT_MAX, nullptr, nullptr) != 0 && errno != ESRCH) {
    return Denial{"ptrace is forbidden here: " + errno_text(errno),
                  "allow ptrace in the container's seccomp profile"};
  }
  return std::nullopt;
}

}  // namespace rtprof
