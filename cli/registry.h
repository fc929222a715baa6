#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/process/process.h"
#include "common/sampler/runtime.h"

namespace rtprof::cli {

// The language runtimes that rtprof knows, in the order in which a process is asked about them.
std::span<const Runtime> runtimes();

// What a process is, as the first runtime that knows it says.
struct Match {
  const Runtime* runtime = nullptr;
  Detection detection;
};

// Nothing for a process that runs none of the runtimes, or that is closed to us and does not look like one.
std::optional<Match> find_runtime(const Process& process);

// The same, or what every process that is open to us is: native code.
std::optional<Match> find_target(const Process& process);

// The same. Throws Error when the process is closed to us.
Match require_target(const Process& process);

// For people: "Python 3.14.0", "native code".
std::string runtime_title(std::string_view runtime, std::string_view version);

}  // namespace rtprof::cli
