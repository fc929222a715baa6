#include "jvm/rungs.h"

#include <fmt/core.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/sampler/combined_source.h"
#include "jvm/agent_source.h"
#include "jvm/signalled_stacks.h"
#include "native/ladder.h"
#include "native/pull_target.h"

namespace rtprof::jvm {
namespace {

// The agent copies frames in the heap by a system call that the program itself does not make: a filter may
// end the process for it.
constexpr const char* kFiltered =
    "its system calls are filtered (seccomp): of virtual threads, callers that are in the heap are unknown";

bool is_for_agent(Event event) {
  return event == Event::kAlloc || event == Event::kLock;
}

SamplingPlan without_agents_events(const SamplingPlan& plan) {
  SamplingPlan others = plan;
  std::erase_if(others.events, is_for_agent);
  return others;
}

// Of time: not how long each thread is off its CPU, which the agent does not see.
bool may_take_agent(const SamplingPlan& plan) {
  return !plan.mechanism && plan.agents && !plan.has(Event::kOffCpu);
}

// Threads by the agent, and why.
struct ByAgent {
  std::string reason;
  std::optional<Error> refusal;  // of what is better
};

// From outside, where that is permitted and the plan does not insist on the agent.
std::unique_ptr<Source> open_from_outside(const Subject& subject, const SamplingPlan& others,
                                          ByAgent& by_agent) {
  if (others.mechanism == Mechanism::kAgent) {
    by_agent.reason = "asked for by --mechanism agent";
    return nullptr;
  }
  try {
    return native::open_by_ladder(subject.process, others, subject.services, subject.kind);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kNotPermitted || !may_take_agent(others)) throw;
    by_agent = {error.what(), error};
    return nullptr;
  }
}

std::shared_ptr<Agent> start_agent(const Subject& subject, const AgentRequest& request,
                                   const ByAgent& by_agent) {
  try {
    if (subject.agent != nullptr) {
      subject.agent->record(subject.process, subject.layout, request);
      return subject.agent;
    }
    return Agent::start(subject.process, subject.layout, request,
                        [&] { subject.services.announce_agent(subject.process.pid()); });
  } catch (const Error& error) {
    if (!by_agent.refusal) throw;
    throw Error(ExitCode::kNotPermitted,
                fmt::format("{}; nor by an agent: {}", by_agent.refusal->what(), error.what()),
                fmt::format("{}; or {}", by_agent.refusal->hint(), error.hint()));
  }
}

}  // namespace

std::unique_ptr<Source> open_by_rungs(const Subject& subject) {
  SamplingPlan others = without_agents_events(subject.plan);
  std::unique_ptr<Source> outside;
  ByAgent by_agent;
  if (!others.events.empty()) outside = open_from_outside(subject, others, by_agent);
  AgentRequest request = agent_request(subject.plan);
  if (request.events == 0 && outside != nullptr) return outside;
  bool takes_threads = outside == nullptr && !others.events.empty();
  bool takes_own = request.events != 0;
  if (takes_threads) request.events |= agents::jvm::kSnapshots;
  std::shared_ptr<Agent> agent = start_agent(subject, request, by_agent);
  bool has_filter = is_filtered(subject.process);
  bool has_virtual = subject.continuations->exist();
  if (has_virtual && !has_filter) agent->follow(subject.continuations);
  std::vector<std::unique_ptr<Source>> sources;
  if (takes_own) {
    sources.push_back(open_agent_source(subject.process, subject.plan, subject.services, subject.layout,
                                        subject.kind, agent, has_virtual && has_filter ? kFiltered : ""));
  }
  if (takes_threads) {
    if (subject.agent != nullptr) by_agent.reason += "; its memory is read by the agent";
    if (has_virtual && has_filter) by_agent.reason += fmt::format("; {}", kFiltered);
    outside = native::open_native_pull(
        subject.process, others, subject.services.recorder(), subject.services.workshop(), subject.kind,
        std::make_unique<SignalledStacks>(subject.process, agent), Mechanism::kAgent, by_agent.reason);
  }
  if (outside != nullptr) sources.push_back(std::move(outside));
  return combine(std::move(sources));
}

}  // namespace rtprof::jvm
