#include "native/runtime.h"

#include <fmt/core.h>

#include <cerrno>

#include "common/base/error.h"
#include "common/process/access.h"
#include "native/dump.h"
#include "native/machine_source.h"
#include "native/perf_source.h"

namespace rtprof {
namespace {

std::optional<Detection> detect_native(const Process& process) {
  if (!memory_permitted(process.pid()) || !process.alive()) return std::nullopt;
  Detection detection;
  detection.tested = true;
  return detection;
}

void check_plan(const SamplingPlan& plan, const std::string& subject) {
  if (plan.has(Event::kWall) || plan.idle) {
    throw Error(ExitCode::kUsage, subject + " native code, of which only -e cpu can be recorded",
                "leave out -e wall and --idle");
  }
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

std::unique_ptr<Source> open_native(const Process& process, const SamplingPlan& plan, RunServices& services) {
  check_plan(plan, fmt::format("process {} ({}) is", process.pid(), process.command()));
  return value_or_throw(native::open_perf_source(process, plan, services.recorder(), services.workshop()),
                        fmt::format("process {}", process.pid()));
}

}  // namespace

std::unique_ptr<Source> open_machine(const SamplingPlan& plan, RunServices& services) {
  check_plan(plan, "the machine is sampled as");
  return value_or_throw(native::open_machine_source(plan, services.recorder(), services.workshop()),
                        "the machine");
}

Runtime native_runtime() {
  return {"native", detect_native, open_native, native::dump_native};
}

}  // namespace rtprof
