#include "common/sampler/thread_holder.h"

#include <string>

namespace rtprof {
namespace {

// A thread that could not be paused for longer than this is somebody else's for good.
constexpr Nanoseconds kPassingDenial = 200 * kMillisecond;

}  // namespace

ThreadHolder::Attempt ThreadHolder::hold(PulledThread& thread, const std::function<void()>& read) {
  if (!thread.budget.allows(monotonic_now())) {
    ++held_back_;
    return {};
  }
  ThreadPause pause(pauser_, thread.tid);
  if (pause.outcome() == PauseOutcome::kDenied) return denied(thread);
  thread.denied_since = 0;
  if (!pause.held()) return {.stopped = pause.outcome() == PauseOutcome::kLate};
  read();
  Attempt attempt{.held = true, .stopped = true, .times = thread.probe.times()};
  thread.budget.spend(pause.resume());
  return attempt;
}

// A profiler that pauses threads as we do is attached to one for a moment only.
ThreadHolder::Attempt ThreadHolder::denied(PulledThread& thread) const {
  TimePoint now = monotonic_now();
  if (thread.denied_since == 0) thread.denied_since = now;
  if (now - thread.denied_since < kPassingDenial) return {.late = true};
  auto status = read_status(process_.directory() + "/task/" + std::to_string(thread.tid));
  bool traced = status && status->tracer != 0;
  return {.denied = traced ? "[unknown: traced by another process]" : "[unknown: not permitted to pause]"};
}

}  // namespace rtprof
