#include "cli/registry.h"

#include <fmt/core.h>

#include <array>

#include "common/base/error.h"
#include "common/process/access.h"
#include "python/runtime.h"

namespace rtprof::cli {

std::span<const Runtime> runtimes() {
  static const std::array<Runtime, 1> kRuntimes{python_runtime()};
  return kRuntimes;
}

std::optional<Match> find_runtime(const Process& process) {
  for (const Runtime& runtime : runtimes()) {
    if (auto detection = runtime.detect(process)) return Match{&runtime, *detection};
  }
  return std::nullopt;
}

Match require_runtime(const Process& process) {
  if (auto match = find_runtime(process)) return *match;
  throw no_runtime_error(process.pid(), process.command());
}

Error no_runtime_error(pid_t pid, const std::string& command) {
  std::string what = fmt::format("process {} ({})", pid, command);
  if (auto denial = memory_denial(pid)) {
    return {ExitCode::kNotPermitted, fmt::format("cannot read {}: {}", what, denial->reason), denial->fix};
  }
  return {ExitCode::kFailed, what + " runs no Python interpreter",
          "rtprof profiles CPython; rtprof ps lists the processes that can be profiled"};
}

}  // namespace rtprof::cli
