#pragma once

#include <optional>
#include <span>
#include <string>

#include "common/base/error.h"
#include "common/process/process.h"
#include "common/sampler/runtime.h"

namespace rtprof::cli {

// The runtimes that rtprof knows, in the order in which a process is asked about them.
std::span<const Runtime> runtimes();

// What a process is, as the first runtime that knows it says.
struct Match {
  const Runtime* runtime = nullptr;
  Detection detection;
};

// Nothing for a process that runs none of the runtimes, or that is closed to us and does not look like one.
std::optional<Match> find_runtime(const Process& process);

// The same, or no_runtime_error().
Match require_runtime(const Process& process);

// Why nothing was found: the process is closed to us, or runs none of the runtimes.
Error no_runtime_error(pid_t pid, const std::string& command);

}  // namespace rtprof::cli
