#include "jvm/runtime.h"

#include <fmt/core.h>

#include <memory>
#include <utility>

#include "common/base/error.h"
#include "jvm/agent.h"
#include "jvm/chunk_program.h"
#include "jvm/continuations.h"
#include "jvm/dump.h"
#include "jvm/inside_agent.h"
#include "jvm/java_code.h"
#include "jvm/jfr_ladder.h"
#include "jvm/locate.h"
#include "jvm/rungs.h"
#include "jvm/thread_names.h"

namespace rtprof {
namespace {

// Of a stack: Java's are deep, with 100 to 200 bytes a frame. As much as perf copies.
constexpr uint32_t kStackBytes = 65528;

void check_plan(const SamplingPlan& plan) {
  if (plan.unwind == UnwindMethod::kFramePointer) {
    throw Error(ExitCode::kUsage, "compiled Java code keeps no frame pointers",
                "leave --unwind out: Java frames have rules of their own");
  }
  if (!plan.agents && (plan.has(Event::kAlloc) || plan.has(Event::kLock))) {
    throw Error(
        ExitCode::kUsage,
        "what a JVM allocates and its waits for locks are seen by an agent only, which --no-agent forbids",
        "leave one of them out");
  }
  if (plan.gil_only) throw Error(ExitCode::kUsage, "--gil is about Python", "leave it out for a JVM");
}

// `agent`: what reads it where it is closed to us, loaded already; else null.
std::unique_ptr<Source> open_readable(const Process& process, const SamplingPlan& plan, RunServices& services,
                                      const jvm::Layout& layout, std::shared_ptr<jvm::Agent> agent) {
  jvm::FrameDetail detail{plan.native_lines, plan.jit_marks, plan.signatures};
  native::CodeKind kind{.runtime = "jvm", .version = layout.version.text, .stack_bytes = kStackBytes};
  auto continuations = std::make_shared<jvm::Continuations>(process, layout, plan.threads);
  continuations->prepare();
  kind.code = std::make_shared<jvm::JavaCode>(process.memory(), layout, detail, continuations);
  kind.thread_names = std::make_shared<jvm::JavaThreadNames>(process, layout);
  if (continuations->exist())
    kind.sample_program = std::make_shared<jvm::ChunkProgram>(process.pid(), continuations);
  jvm::Subject subject{process, plan, services, layout, kind, continuations, std::move(agent)};
  return jvm::open_above_recorder(process, plan, services, layout, kind.thread_names,
                                  [&] { return jvm::open_by_rungs(subject); });
}

// To read what is closed to us. What the agent cannot record is not worth loading it.
bool may_load_agent(const SamplingPlan& plan) {
  bool is_for_it = !plan.mechanism || *plan.mechanism == Mechanism::kAgent;
  return plan.agents && is_for_it && !plan.has(Event::kOffCpu);
}

// A JVM that is closed to us, read by an agent from here on.
std::pair<jvm::Layout, std::shared_ptr<jvm::Agent>> open_by_agent(const Process& process,
                                                                  const SamplingPlan& plan,
                                                                  RunServices& services) {
  auto agent = jvm::Agent::start_for_memory(process, [&] { services.announce_agent(process.pid()); });
  process.read_by(std::make_shared<jvm::InsideAgent>(process, agent));
  try {
    return {std::move(*jvm::require_jvm(process, plan.patience).layout), agent};
  } catch (const Error&) {
    process.read_by(nullptr);
    throw;
  }
}

std::unique_ptr<Source> open_closed(const Process& process, const SamplingPlan& plan, RunServices& services,
                                    const Error& refusal) {
  if (!may_load_agent(plan)) return jvm::open_closed_jvm(process, plan, services, refusal);
  std::pair<jvm::Layout, std::shared_ptr<jvm::Agent>> opened;
  try {
    opened = open_by_agent(process, plan, services);
  } catch (const Error& error) {
    if (error.code() == ExitCode::kTargetEnded) throw;
    Error both(ExitCode::kNotPermitted, fmt::format("{}; nor by an agent: {}", refusal.what(), error.what()),
               fmt::format("{}; or {}", refusal.hint(), error.hint()));
    return jvm::open_closed_jvm(process, plan, services, both);
  }
  return open_readable(process, plan, services, opened.first, opened.second);
}

std::unique_ptr<Source> open_jvm(const Process& process, const SamplingPlan& plan, RunServices& services) {
  check_plan(plan);
  jvm::Layout layout;
  try {
    layout = std::move(*jvm::require_jvm(process, plan.patience).layout);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kNotPermitted) throw;
    return open_closed(process, plan, services, error);
  }
  return open_readable(process, plan, services, layout, nullptr);
}

}  // namespace

Runtime jvm_runtime() {
  return {"jvm", jvm::detect_jvm, open_jvm, jvm::dump_jvm, true, jvm::agent_denial, jvm::recorder_denial};
}

}  // namespace rtprof
