#include "cli/registry.h"

#include <fmt/core.h>

#include <array>

#include "common/base/error.h"
#include "common/process/access.h"
#include "jvm/runtime.h"
#include "native/runtime.h"
#include "python/runtime.h"

namespace rtprof::cli {

std::span<const Runtime> runtimes() {
  static const std::array<Runtime, 2> kRuntimes{python_runtime(), jvm_runtime()};
  return kRuntimes;
}

std::optional<Match> find_runtime(const Process& process) {
  for (const Runtime& runtime : runtimes()) {
    if (auto detection = runtime.detect(process)) return Match{&runtime, *detection};
  }
  return std::nullopt;
}

std::optional<Match> find_target(const Process& process) {
  static const Runtime kNative = native_runtime();
  if (auto match = find_runtime(process)) return match;
  if (auto detection = kNative.detect(process)) return Match{&kNative, *detection};
  return std::nullopt;
}

Match require_target(const Process& process) {
  if (auto match = find_target(process)) return *match;
  std::string what = fmt::format("process {} ({})", process.pid(), process.command());
  if (auto denial = memory_denial(process.pid())) {
    throw Error(ExitCode::kNotPermitted, fmt::format("cannot read {}: {}", what, denial->reason),
                denial->fix);
  }
  throw Error(ExitCode::kTargetEnded, what + " has ended",
              "rtprof ps lists the processes that can be profiled");
}

std::string runtime_title(std::string_view runtime, std::string_view version) {
  if (runtime == "native") return "native code";
  if (runtime == "python") runtime = "Python";
  if (runtime == "jvm") runtime = "Java";
  return fmt::format("{} {}", runtime, version);
}

}  // namespace rtprof::cli
