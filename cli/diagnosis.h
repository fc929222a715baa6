#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/process/process.h"
#include "common/profile/event.h"

namespace rtprof::cli {

// What one check found, and the exact fix where something is missing.
struct Finding {
  enum class Mark {
    kOk,
    kLimited,  // profiling works, with less
    kNo,       // profiling does not work
  };
  std::string_view check;
  Mark mark = Mark::kOk;
  std::string text;
  std::string fix;
};

struct MachineDiagnosis {
  std::vector<Finding> findings;
  std::string no_kernel_mechanism;  // why BPF or perf are not to be had; empty when they are
};

// What this machine lets this user do. Loads the BPF programs to find out, and unloads them.
MachineDiagnosis diagnose_machine();

struct TargetDiagnosis {
  std::vector<Finding> findings;
  std::string runtime;  // empty when none is known
  std::string version;
  bool tested = false;
  bool machine_stacks = false;         // as of Runtime
  std::optional<Mechanism> mechanism;  // that attach would use; nothing when it would fail
  ExitCode status = ExitCode::kOk;     // that attach would end with
};

// The same about one process. Reads only; nothing is stopped.
TargetDiagnosis diagnose_target(const Process& process, const MachineDiagnosis& machine);

}  // namespace rtprof::cli
