#include "python/pull_reader.h"

namespace rtprof {

PullReader::PullReader(const Process& process, const PythonLayout& layout, Mechanism mechanism,
                       PythonStacks& stacks, ThreadTable& table)
    : mechanism_(mechanism),
      stacks_(stacks),
      table_(table),
      walker_(process.memory(), layout),
      holder_(process),
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
  ThreadHolder::Attempt attempt = holder_.hold(thread, [&] { walk(thread, Hold::kPause); });
  if (!attempt.denied.empty()) return {.stack = stacks_.marker(attempt.denied), .denied = true};
  if (!attempt.held) return {.stopped = attempt.stopped, .late = attempt.late};
  return {.stack = intern_last(), .stopped = true, .times = attempt.times};
}

}  // namespace rtprof
