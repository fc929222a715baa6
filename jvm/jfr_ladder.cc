#include "jvm/jfr_ladder.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <utility>

#include "jvm/attach_denial.h"
#include "jvm/jfr_recording.h"
#include "jvm/jfr_source.h"
#include "jvm/locate.h"

namespace rtprof::jvm {
namespace {

bool has_events_for_it(const SamplingPlan& plan) {
  return std::ranges::all_of(plan.events,
                             [](Event event) { return event == Event::kCpu || event == Event::kWall; });
}

bool may_fall_back(const SamplingPlan& plan) {
  bool is_for_it = has_events_for_it(plan) && !plan.native;
  return is_for_it && !plan.mechanism && plan.agents && !plan.nonblocking;
}

void check_events(const SamplingPlan& plan) {
  if (has_events_for_it(plan)) return;
  throw Error(ExitCode::kUsage, "--mechanism jfr is for cpu and wall",
              "leave the other events or --mechanism out");
}

std::unique_ptr<Source> open_below(const Process& process, const SamplingPlan& plan, RunServices& services,
                                   const Layout* layout, std::shared_ptr<RuntimeThreadNames> names,
                                   const Error& refusal) {
  if (!may_fall_back(plan) || !process.alive()) throw Error(refusal);
  try {
    return open_jfr_source(process, plan, services, layout, std::move(names), refusal.what());
  } catch (const Error& error) {
    throw Error(ExitCode::kNotPermitted, fmt::format("{}; nor otherwise: {}", refusal.what(), error.what()),
                fmt::format("{}; or {}", refusal.hint(), error.hint()));
  }
}

}  // namespace

std::unique_ptr<Source> open_above_recorder(const Process& process, const SamplingPlan& plan,
                                            RunServices& services, const Layout& layout,
                                            std::shared_ptr<RuntimeThreadNames> names,
                                            const std::function<std::unique_ptr<Source>()>& better) {
  if (plan.mechanism == Mechanism::kJfr) {
    check_events(plan);
    return open_jfr_source(process, plan, services, &layout, std::move(names),
                           "asked for by --mechanism jfr");
  }
  try {
    return better();
  } catch (const Error& error) {
    if (error.code() != ExitCode::kNotPermitted) throw;
    return open_below(process, plan, services, &layout, std::move(names), error);
  }
}

std::unique_ptr<Source> open_closed_jvm(const Process& process, const SamplingPlan& plan,
                                        RunServices& services, const Error& refusal) {
  if (plan.mechanism != Mechanism::kJfr)
    return open_below(process, plan, services, nullptr, nullptr, refusal);
  check_events(plan);
  return open_jfr_source(process, plan, services, nullptr, nullptr, "asked for by --mechanism jfr");
}

std::optional<Denial> recorder_denial(const Process& process) {
  JvmSearch search = find_jvm(process);
  bool is_closed = search.outcome == JvmSearch::Outcome::kNotPermitted;
  if (!search.found() && !is_closed) return Denial{search.problem, search.hint};
  if (search.found() && search.layout->version.feature < kFirstWithJfr)
    return Denial{fmt::format("JDK {} is older than {}", search.layout->version.text, kFirstWithJfr), ""};
  if (auto denial = reach_denial(process)) return denial;
  return listener_denial(process, search.found() ? &*search.layout : nullptr);
}

}  // namespace rtprof::jvm
