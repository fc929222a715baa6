#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/error.h"
#include "common/process/access.h"
#include "common/process/process.h"
#include "common/sampler/plan.h"
#include "common/sampler/run_services.h"
#include "common/sampler/source.h"
#include "common/sampler/thread_namer.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// By `better` (what is above the recorder: kernel, pause, agent), unless the plan insists on the recorder; by
// that where `better` throws that nothing is permitted, and nothing in the plan is against it. Throws Error
// with what is in the way of each.
std::unique_ptr<Source> open_above_recorder(const Process& process, const SamplingPlan& plan,
                                            RunServices& services, const Layout& layout,
                                            std::shared_ptr<RuntimeThreadNames> names,
                                            const std::function<std::unique_ptr<Source>()>& better);

// For a JVM whose memory is closed, as `refusal` says: its recorder is all that is left.
std::unique_ptr<Source> open_closed_jvm(const Process& process, const SamplingPlan& plan,
                                        RunServices& services, const Error& refusal);

// Why the recorder is not to be had, as far as that is known without talking to the JVM.
std::optional<Denial> recorder_denial(const Process& process);

}  // namespace rtprof::jvm
