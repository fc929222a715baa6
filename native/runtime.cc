#include "native/runtime.h"

#include <fmt/core.h>

#include <cerrno>

#include "common/base/error.h"
#include "common/process/access.h"
#include "kernel/elapsed_time.h"
#include "native/dump.h"
#include "native/ladder.h"
#include "native/machine_source.h"

namespace rtprof {
namespace {

std::optional<Detection> detect_native(const Process& process) {
  if (!memory_permitted(process.pid()) || !process.alive()) return std::nullopt;
  Detection detection;
  detection.tested = true;
  return detection;
}

std::unique_ptr<Source> open_native(const Process& process, const SamplingPlan& plan, RunServices& services) {
  return native::open_by_ladder(process, plan, services, {});
}

}  // namespace

std::unique_ptr<Source> open_machine(const SamplingPlan& plan, RunServices& services) {
  if (plan.mechanism && *plan.mechanism != Mechanism::kKernel) {
    throw Error(
        ExitCode::kUsage,
        fmt::format("the whole machine is sampled by the kernel, not by {}", mechanism_name(*plan.mechanism)),
        "leave --mechanism out, or name a process with --pid");
  }
  if (kernel::ElapsedTime::wanted(plan)) {
    throw Error(ExitCode::kUsage, "of the whole machine only -e cpu can be recorded",
                "name processes with --pid to see what they wait for");
  }
  auto source = native::open_machine_source(plan, services.recorder(), services.workshop());
  if (source) return std::move(*source);
  const Failure& failure = source.failure();
  bool permission = failure.error == EPERM || failure.error == EACCES;
  throw Error(permission ? ExitCode::kNotPermitted : ExitCode::kFailed,
              fmt::format("cannot sample the machine: {}", failure.message),
              "rtprof doctor says what this machine allows, and how to allow more");
}

Runtime native_runtime() {
  return {"native", detect_native, open_native, native::dump_native, true};
}

}  // namespace rtprof
