#include "jvm/runtime.h"

#include <fmt/core.h>

#include <cerrno>
#include <string>

#include "common/base/error.h"
#include "jvm/java_code.h"
#include "jvm/locate.h"
#include "kernel/elapsed_time.h"
#include "native/perf_source.h"
#include "native/switch_source.h"
#include "native/wait_source.h"

namespace rtprof {
namespace {

// Of a stack: Java's are deep, with 100 to 200 bytes a frame. As much as perf copies.
constexpr uint32_t kStackBytes = 65528;

constexpr const char* kAskDoctor = "rtprof doctor says what this machine allows, and how to allow more";

void check_plan(const SamplingPlan& plan) {
  if (plan.mechanism && *plan.mechanism != Mechanism::kKernel) {
    throw Error(ExitCode::kUsage,
                fmt::format("a JVM is sampled by the kernel, not by {}", mechanism_name(*plan.mechanism)),
                "leave --mechanism out");
  }
  if (plan.unwind == UnwindMethod::kFramePointer) {
    throw Error(ExitCode::kUsage, "compiled Java code keeps no frame pointers",
                "leave --unwind out: Java frames have rules of their own");
  }
  if (plan.gil_only) throw Error(ExitCode::kUsage, "--gil is about Python", "leave it out for a JVM");
}

ExitCode exit_code_of(const Failure& failure) {
  bool permission = failure.error == EPERM || failure.error == EACCES;
  return permission ? ExitCode::kNotPermitted : ExitCode::kFailed;
}

Result<std::unique_ptr<Source>> try_bpf(const Process& process, const SamplingPlan& plan,
                                        RunServices& services, const native::CodeKind& kind) {
  auto bpf = services.bpf(true);
  if (!bpf) return bpf.failure();
  return native::open_wait_source(process, plan, services.recorder(), **bpf, services.workshop(), kind);
}

// By BPF, else by records of context switches.
std::unique_ptr<Source> open_waits(const Process& process, const SamplingPlan& plan, RunServices& services,
                                   const native::CodeKind& kind) {
  auto by_bpf = try_bpf(process, plan, services, kind);
  if (by_bpf) return std::move(*by_bpf);
  const Failure& no_bpf = by_bpf.failure();
  if (plan.wakers) {
    throw Error(exit_code_of(no_bpf), fmt::format("--wakers needs BPF: {}", no_bpf.message),
                fmt::format("leave --wakers out to see the waits without it; {}", kAskDoctor));
  }
  auto by_switches = native::open_switch_source(process, plan, services.recorder(), services.workshop(),
                                                no_bpf.message, kind);
  if (by_switches) return std::move(*by_switches);
  throw Error(exit_code_of(by_switches.failure()),
              fmt::format("cannot follow the waits of process {}: {}; without BPF: {}", process.pid(),
                          no_bpf.message, by_switches.failure().message),
              kAskDoctor);
}

std::unique_ptr<Source> open_jvm(const Process& process, const SamplingPlan& plan, RunServices& services) {
  check_plan(plan);
  jvm::Layout layout = jvm::require_jvm(process, plan.patience);
  native::CodeKind kind{"jvm", layout.version.text,
                        std::make_shared<jvm::JavaCode>(process.memory(), layout, plan.native_lines),
                        kStackBytes};
  if (kernel::ElapsedTime::wanted(plan)) return open_waits(process, plan, services, kind);
  auto source = native::open_perf_source(process, plan, services.recorder(), services.workshop(), kind);
  if (source) return std::move(*source);
  throw Error(exit_code_of(source.failure()),
              fmt::format("cannot sample process {}: {}", process.pid(), source.failure().message),
              kAskDoctor);
}

ThreadDump dump_jvm(const Process& process, const DumpOptions&) {
  throw Error(
      ExitCode::kUsage, fmt::format("the threads of a JVM (process {}) cannot be dumped yet", process.pid()),
      "jstack or jcmd PID Thread.print shows them; rtprof attach -e wall shows where their time goes");
}

}  // namespace

Runtime jvm_runtime() {
  return {"jvm", jvm::detect_jvm, open_jvm, dump_jvm, true};
}

}  // namespace rtprof
