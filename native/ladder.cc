#include "native/ladder.h"

#include <fmt/core.h>

#include <cerrno>
#include <string>

#include "common/base/error.h"
#include "common/sampler/pause_permission.h"
#include "kernel/elapsed_time.h"
#include "native/paused_stacks.h"
#include "native/perf_source.h"
#include "native/pull_target.h"
#include "native/switch_source.h"
#include "native/wait_source.h"

namespace rtprof::native {
namespace {

constexpr const char* kAskDoctor = "rtprof doctor says what this machine allows, and how to allow more";

ExitCode exit_code_of(const Failure& failure) {
  bool permission = failure.error == EPERM || failure.error == EACCES;
  return permission ? ExitCode::kNotPermitted : ExitCode::kFailed;
}

Result<std::unique_ptr<Source>> try_bpf(const Process& process, const SamplingPlan& plan,
                                        RunServices& services, const CodeKind& kind) {
  auto bpf = services.bpf(true);
  if (!bpf) return bpf.failure();
  return open_wait_source(process, plan, services.recorder(), **bpf, services.workshop(), kind);
}

// By BPF, else by records of context switches.
Result<std::unique_ptr<Source>> try_waits(const Process& process, const SamplingPlan& plan,
                                          RunServices& services, const CodeKind& kind) {
  auto by_bpf = try_bpf(process, plan, services, kind);
  if (by_bpf) return by_bpf;
  const Failure& no_bpf = by_bpf.failure();
  if (plan.wakers) {
    throw Error(exit_code_of(no_bpf), fmt::format("--wakers needs BPF: {}", no_bpf.message),
                fmt::format("leave --wakers out to see the waits without it; {}", kAskDoctor));
  }
  auto by_switches =
      open_switch_source(process, plan, services.recorder(), services.workshop(), no_bpf.message, kind);
  if (by_switches) return by_switches;
  return Failure{fmt::format("{}; without BPF: {}", no_bpf.message, by_switches.failure().message),
                 by_switches.failure().error};
}

// The kernel rung, or why not.
Result<std::unique_ptr<Source>> try_kernel(const Process& process, const SamplingPlan& plan,
                                           RunServices& services, const CodeKind& kind) {
  if (kernel::ElapsedTime::wanted(plan)) return try_waits(process, plan, services, kind);
  return open_perf_source(process, plan, services.recorder(), services.workshop(), kind);
}

std::string what_fails(const Process& process, const SamplingPlan& plan) {
  bool waits = kernel::ElapsedTime::wanted(plan);
  return waits ? fmt::format("cannot follow the waits of process {}", process.pid())
               : fmt::format("cannot sample process {}", process.pid());
}

// `reason`: why not by the kernel.
std::unique_ptr<Source> open_paused(const Process& process, const SamplingPlan& plan, RunServices& services,
                                    const CodeKind& kind, const std::string& reason) {
  if (auto refusal = pause_refusal(process)) {
    std::string message = plan.mechanism ? refusal->reason
                                         : fmt::format("{}: {}; nor by pauses: {}", what_fails(process, plan),
                                                       reason, refusal->reason);
    throw Error(ExitCode::kNotPermitted, message, fmt::format("{}; {}", refusal->fix, kAskDoctor));
  }
  return open_native_pull(process, plan, services.recorder(), services.workshop(), kind,
                          std::make_unique<PausedStacks>(process), Mechanism::kPause, reason);
}

}  // namespace

std::unique_ptr<Source> open_by_ladder(const Process& process, const SamplingPlan& plan,
                                       RunServices& services, const CodeKind& kind) {
  if (plan.mechanism == Mechanism::kRead) {
    throw Error(
        ExitCode::kUsage,
        "machine code cannot be sampled by reading alone: the registers of a running thread cannot be "
        "read, and its stack is torn",
        "leave --mechanism out, or use --mechanism pause");
  }
  if (plan.mechanism == Mechanism::kAgent || plan.mechanism == Mechanism::kJfr)
    throw Error(ExitCode::kUsage, fmt::format("--mechanism {} is for JVMs", mechanism_name(*plan.mechanism)),
                "leave --mechanism out");
  if (plan.mechanism == Mechanism::kPause)
    return open_paused(process, plan, services, kind, "asked for by --mechanism pause");
  auto source = try_kernel(process, plan, services, kind);
  if (source) return std::move(*source);
  const Failure& failure = source.failure();
  // What the kernel alone can do, or is asked to.
  if (plan.mechanism || plan.nonblocking || plan.has(Event::kOffCpu)) {
    std::string hint = kAskDoctor;
    if (plan.nonblocking) hint = "without --nonblocking threads can be paused for samples; " + hint;
    if (plan.has(Event::kOffCpu)) hint += "; -e wall shows waits by pauses, sampled";
    throw Error(exit_code_of(failure), fmt::format("{}: {}", what_fails(process, plan), failure.message),
                hint);
  }
  return open_paused(process, plan, services, kind, failure.message);
}

}  // namespace rtprof::native
