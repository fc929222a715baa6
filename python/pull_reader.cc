#include "python/pull_reader.h"

namespace rtprof {
namespace {

// A thread that could not be paused for longer than this is somebody else's for good.
constexpr Nanoseconds kPassingDenial = 200 * kMillisecond;

}  // namespace

PullReader::PullReader(const Process& process, const PythonLayout& layout, Mechanism mechanism,
                       PythonStacks& stacks, ThreadTable& table)
    : process_(process),
      mechanism_(mechanism),
      stacks_(stacks),
      table_(table),
      walker_(process.memory(), layout),
      pauser_(process.pid()),
      files_(process),
      native_(stacks.marker("[native]")) {}

// Walks the state of the thread that has frames; of several, the newest interpreter's runs.
void PullReader::walk(SampledThread& thread, Hold hold) {
  last_ = {};
  for (size_t i = 0; i < thread.states.size(); ++i) {
    const PythonThread& state = thread.states[i];
    last_ = walker_.walk(state.state, state.thread_id, thread.walks[i]);
    if (!last_.leaf_first.empty()) break;
  }
  if (witness_) witness_(thread, last_, hold);
}

uint32_t PullReader::intern_last() {
  if (last_.end == StackEnd::kThreadGone) {
    // The interpreter has taken the state back: between two calls into it, a C thread has none.
    table_.suspect();
    return native_;
  }
  uint32_t stack = stacks_.intern(last_.leaf_first, last_.end);
  return stack == 0 ? native_ : stack;
}

uint32_t PullReader::read_untouched(SampledThread& thread) {
  walk(thread, Hold::kNothing);
  return intern_last();
}

std::optional<uint32_t> PullReader::read_asleep(SampledThread& thread, uint64_t slices) {
  walk(thread, Hold::kSleep);
  auto times = thread.probe.times();
  if (!times || times->slices != slices) return std::nullopt;
  return intern_last();
}

PullReader::Reading PullReader::read_running(SampledThread& thread) {
  if (thread.states.empty() && !all_threads_) return {.stack = native_};
  if (mechanism_ == Mechanism::kPause) return read_held(thread);
  walk(thread, Hold::kNothing);
  bool torn = !walker_.still_there();
  return {.stack = intern_last(), .torn = torn};
}

PullReader::Reading PullReader::read_held(SampledThread& thread) {
  if (!thread.budget.allows(monotonic_now())) {
    ++held_back_;
    return {};
  }
  ThreadPause pause(pauser_, thread.tid);
  if (pause.outcome() == PauseOutcome::kDenied) return read_denied(thread);
  thread.denied_since = 0;
  if (!pause.held()) return {.stopped = pause.outcome() == PauseOutcome::kLate};
  walk(thread, Hold::kPause);
  std::optional<ThreadTimes> times = thread.probe.times();
  thread.budget.spend(pause.resume());
  return {.stack = intern_last(), .stopped = true, .times = times};
}

// A profiler that pauses threads as we do is attached to one for a moment only.
PullReader::Reading PullReader::read_denied(SampledThread& thread) {
  TimePoint now = monotonic_now();
  if (thread.denied_since == 0) thread.denied_since = now;
  if (now - thread.denied_since < kPassingDenial) return {.late = true};
  auto status = read_status(process_.directory() + "/task/" + std::to_string(thread.tid));
  bool traced = status && status->tracer != 0;
  std::string_view mark =
      traced ? "[unknown: traced by another process]" : "[unknown: not permitted to pause]";
  return {.stack = stacks_.marker(mark), .denied = true};
}

}  // namespace rtprof
