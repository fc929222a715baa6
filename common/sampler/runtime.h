#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/process/access.h"
#include "common/process/process.h"
#include "common/profile/thread_dump.h"
#include "common/sampler/plan.h"
#include "common/sampler/run_services.h"
#include "common/sampler/source.h"

namespace rtprof {

// What a process was recognised as.
struct Detection {
  std::string version;      // "3.14.0"
  std::string vendor;       // of the runtime, where there are several and it is known: "Debian"
  std::string program;      // what it runs, where its command line does not begin with that: a main class
  bool tested = false;      // a test of this repository covers the version
  bool permitted = true;    // false: known by its name only, its memory is closed to us
  std::string unsupported;  // why it cannot be profiled, a phrase; empty when it can
  std::string hint;         // the way out when unsupported
};

// What rtprof knows of one language runtime: an entry of the registry in cli/. When several match a process,
// the order of the registry decides and the others are told.
struct Runtime {
  std::string_view name;
  std::optional<Detection> (*detect)(const Process&);
  // Throws Error when no permitted mechanism works.
  std::unique_ptr<Source> (*open)(const Process&, const SamplingPlan&, RunServices&);
  // One look at all threads. Throws Error when the process cannot be read.
  ThreadDump (*dump)(const Process&, const DumpOptions&);
  // Its stacks are those of the machine: sampled by perf events, and by pauses where those are refused.
  bool machine_stacks = false;
  // Why no agent can be loaded into a process that records such an event, also where its memory is closed;
  // nothing where one can, as far as that is known. Null: this runtime has none.
  std::optional<Denial> (*agent_denial)(const Process&, Event) = nullptr;
  // Why a process cannot be had to record itself, also where its memory is closed. Null: this runtime cannot.
  std::optional<Denial> (*recorder_denial)(const Process&) = nullptr;
};

}  // namespace rtprof
