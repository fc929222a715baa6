#include "native/runtime.h"

#include <fmt/core.h>

#include <cerrno>

#include "common/base/error.h"
#include "common/process/access.h"
#include "kernel/elapsed_time.h"
#include "native/dump.h"
#include "native/machine_source.h"
#include "native/perf_source.h"
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

std::unique_ptr<Source> value_or_throw(Result<std::unique_ptr<Source>> source, const std::string& what) {
  if (source) return std::move(*source);
  const Failure& failure = source.failure();
  bool permission = failure.error == EPERM || failure.error == EACCES;
  throw Error(permission ? ExitCode::kNotPermitted : ExitCode::kFailed,
              fmt::format("cannot sample {}: {}", what, failure.message),
              "rtprof doctor says what this machine allows, and how to allow more");
}

Result<std::unique_ptr<Source>> try_bpf(const Process& process, const SamplingPlan& plan,
                                        RunServices& services) {
  auto bpf = services.bpf(true);
  if (!bpf) return bpf.failure();
  return native::open_wait_source(process, plan, services.recorder(), **bpf, services.workshop());
}

std::unique_ptr<Source> open_native(const Process& process, const SamplingPlan& plan, RunServices& services) {
  check_mechanism(plan);
  std::string subject = fmt::format("process {}", process.pid());
  if (kernel::ElapsedTime::wanted(plan))
    return value_or_throw(try_bpf(process, plan, services), "waits of " + subject);
  return value_or_throw(native::open_perf_source(process, plan, services.recorder(), services.workshop()),
                        subject);
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
