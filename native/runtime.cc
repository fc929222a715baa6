#include "native/runtime.h"

#include <fmt/core.h>

#include <cerrno>

#include "common/base/error.h"
#include "common/process/access.h"
#include "kernel/elapsed_time.h"
#include "native/dump.h"
#include "native/machine_source.h"
#include "native/perf_source.h"
#include "native/switch_source.h"
#include "native/wait_source.h"

namespace rtprof {
namespace {

std::optional<Detection> detect_native(const Process& process) {
  if (!memory_permitted(process.pid()) || !process.alive()) return std::nullopt;
  Detection detection;
  detection.tested = true;
  return detection;
}

void check_mechanism(const SamplingPlan& plan) {
  if (plan.mechanism && *plan.mechanism != Mechanism::kKernel) {
    throw Error(
        ExitCode::kUsage,
        fmt::format("native code is sampled by the kernel, not by {}", mechanism_name(*plan.mechanism)),
        "leave --mechanism out");
  }
}

constexpr const char* kAskDoctor = "rtprof doctor says what this machine allows, and how to allow more";

ExitCode exit_code_of(const Failure& failure) {
  bool permission = failure.error == EPERM || failure.error == EACCES;
  return permission ? ExitCode::kNotPermitted : ExitCode::kFailed;
}

std::unique_ptr<Source> value_or_throw(Result<std::unique_ptr<Source>> source, const std::string& what) {
  if (source) return std::move(*source);
  throw Error(exit_code_of(source.failure()),
              fmt::format("cannot sample {}: {}", what, source.failure().message), kAskDoctor);
}

Result<std::unique_ptr<Source>> try_bpf(const Process& process, const SamplingPlan& plan,
                                        RunServices& services) {
  auto bpf = services.bpf(true);
  if (!bpf) return bpf.failure();
  return native::open_wait_source(process, plan, services.recorder(), **bpf, services.workshop());
}

// By BPF, else by records of context switches.
std::unique_ptr<Source> open_waits(const Process& process, const SamplingPlan& plan, RunServices& services) {
  auto by_bpf = try_bpf(process, plan, services);
  if (by_bpf) return std::move(*by_bpf);
  const Failure& no_bpf = by_bpf.failure();
  if (plan.wakers) {
    throw Error(exit_code_of(no_bpf), fmt::format("--wakers needs BPF: {}", no_bpf.message),
                fmt::format("leave --wakers out to see the waits without it; {}", kAskDoctor));
  }
  auto by_switches =
      native::open_switch_source(process, plan, services.recorder(), services.workshop(), no_bpf.message);
  if (by_switches) return std::move(*by_switches);
  throw Error(exit_code_of(by_switches.failure()),
              fmt::format("cannot follow the waits of process {}: {}; without BPF: {}", process.pid(),
                          no_bpf.message, by_switches.failure().message),
              kAskDoctor);
}

std::unique_ptr<Source> open_native(const Process& process, const SamplingPlan& plan, RunServices& services) {
  check_mechanism(plan);
  if (kernel::ElapsedTime::wanted(plan)) return open_waits(process, plan, services);
  return value_or_throw(native::open_perf_source(process, plan, services.recorder(), services.workshop()),
                        fmt::format("process {}", process.pid()));
}

}  // namespace

std::unique_ptr<Source> open_machine(const SamplingPlan& plan, RunServices& services) {
  check_mechanism(plan);
  if (kernel::ElapsedTime::wanted(plan)) {
    throw Error(ExitCode::kUsage, "of the whole machine only -e cpu can be recorded",
                "name processes with --pid to see what they wait for");
  }
  return value_or_throw(native::open_machine_source(plan, services.recorder(), services.workshop()),
                        "the machine");
}

Runtime native_runtime() {
  return {"native", detect_native, open_native, native::dump_native};
}

}  // namespace rtprof
