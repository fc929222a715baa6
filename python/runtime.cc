#include "python/runtime.h"

#include <fmt/core.h>

#include <cerrno>

#include "common/base/error.h"
#include "python/dump.h"
#include "python/kernel_source.h"
#include "python/locate.h"
#include "python/pull_target.h"

namespace rtprof {
namespace {

bool is_permission(const Failure& failure) {
  return failure.error == EPERM || failure.error == EACCES;
}

// The kernel rung, or why not.
Result<std::unique_ptr<Source>> try_kernel(const Process& process, const PythonProcess& python,
                                           const SamplingPlan& plan, RunServices& services) {
  auto bpf = services.bpf(plan.native);
  if (!bpf) return bpf.failure();
  return open_python_kernel(process, python, plan, services.recorder(), **bpf, services.workshop());
}

std::unique_ptr<Source> open_python(const Process& process, const SamplingPlan& plan, RunServices& services) {
  PythonProcess python = require_python(process, plan.patience);
  if (plan.gil_only && python.layout.free_threaded) {
    throw Error(ExitCode::kUsage, "this interpreter is free-threaded: it has no GIL to hold",
                "leave --gil out");
  }
  if (plan.mechanism == Mechanism::kAgent || plan.mechanism == Mechanism::kJfr)
    throw Error(ExitCode::kUsage, fmt::format("--mechanism {} is for JVMs", mechanism_name(*plan.mechanism)),
                "leave --mechanism out");
  std::string reason;
  if (!plan.mechanism || *plan.mechanism == Mechanism::kKernel) {
    auto source = try_kernel(process, python, plan, services);
    if (source) return std::move(*source);
    reason = source.failure().message;
    if (plan.mechanism) {
      throw Error(
          is_permission(source.failure()) ? ExitCode::kNotPermitted : ExitCode::kFailed,
          "the kernel mechanism is not to be had: " + reason,
          "run as root or with CAP_BPF and CAP_PERFMON on Linux 5.17 or newer, or leave --mechanism out");
    }
    if (plan.has(Event::kOffCpu)) {
      throw Error(is_permission(source.failure()) ? ExitCode::kNotPermitted : ExitCode::kFailed,
                  "offcpu needs the kernel mechanism, which is not to be had: " + reason,
                  "run as root or with CAP_BPF and CAP_PERFMON on Linux 5.17 or newer; -e wall shows waits "
                  "without it, sampled");
    }
    if (plan.native && plan.nonblocking) {
      throw Error(is_permission(source.failure()) ? ExitCode::kNotPermitted : ExitCode::kFailed,
                  "--native without pauses needs the kernel mechanism, which is not to be had: " + reason,
                  "the registers of a running thread cannot be read: run as root or with CAP_BPF and "
                  "CAP_PERFMON on Linux 5.17 or newer, or leave --nonblocking or --native out");
    }
  } else if (plan.native && *plan.mechanism == Mechanism::kRead) {
    throw Error(ExitCode::kUsage,
                "the read mechanism takes no native stacks: it cannot read the registers of a running thread",
                "leave --mechanism or --native out");
  }
  Mechanism rung = plan.mechanism.value_or(plan.nonblocking ? Mechanism::kRead : Mechanism::kPause);
  if (plan.mechanism) {
    reason = fmt::format("asked for by --mechanism {}", mechanism_name(rung));
  } else if (plan.nonblocking) {
    reason += "; --nonblocking forbids pauses";
  }
  return open_python_pull(process, python, plan, services.recorder(), services.workshop(), rung, reason);
}

}  // namespace

Runtime python_runtime() {
  return {"python", detect_python, open_python, dump_python};
}

}  // namespace rtprof
