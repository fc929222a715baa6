#include "python/pull_permission.h"

#include <fmt/core.h>
#include <sys/ptrace.h>

#include <cerrno>
#include <climits>
#include <string>

#include "common/base/error.h"
#include "common/process/access.h"

namespace rtprof {

// Reading the target's memory takes the permission that ptrace takes, so what is left to stand in the way is
// another tracer, and a filter on our own system calls.
void require_pause(const Process& process) {
  if (pid_t by = lasting_tracer(process.pid()); by != 0) {
    auto tracer = read_stat("/proc/" + std::to_string(by));
    throw Error(ExitCode::kNotPermitted,
                fmt::format("process {} is traced by {} (pid {}), and can have only one tracer",
                            process.pid(), tracer ? tracer->comm : "another process", by),
                "detach the other tracer, or use --nonblocking");
  }
  // No thread has this id: what is permitted fails with ESRCH.
  if (::ptrace(PTRACE_SEIZE, INT_MAX, nullptr, nullptr) != 0 && errno != ESRCH) {
    throw Error(ExitCode::kNotPermitted, "ptrace is forbidden here: " + errno_text(errno),
                "allow ptrace in the container's seccomp profile, or use --nonblocking");
  }
}

}  // namespace rtprof
