#include "python/thread_table.h"

#include <algorithm>

namespace rtprof {
namespace {

// Threads that run none of the interpreter's code never have a state.
constexpr Nanoseconds kFirstSearch = kMillisecond;
constexpr Nanoseconds kRarestSearch = kSecond;
constexpr int kMostReadings = 3;

}  // namespace

void SampledThread::put_off_search(TimePoint now) {
  search_after = std::clamp(2 * search_after, kFirstSearch, kRarestSearch);
  search_due = now + search_after;
}

ThreadTable::ThreadTable(const Process& process, const PythonLayout& layout, double max_pause_share)
    : process_(process), layout_(layout), list_(process, max_pause_share), ids_(process) {}

std::vector<Address> ThreadTable::list_heads() const {
  std::vector<Address> heads(interpreters_.size());
  std::vector<MemoryRange> ranges;
  for (size_t i = 0; i < heads.size(); ++i)
    ranges.push_back(
        {interpreters_[i].address + layout_.walk.interp_threads_head, &heads[i], sizeof heads[i]});
  process_.memory().read_batch(ranges);
  return heads;
}

bool ThreadTable::may_have_state(const SampledThread& thread, TimePoint now) const {
  return now >= thread.search_due || list_heads() != heads_;
}

std::vector<std::unique_ptr<PulledThread>> ThreadTable::refresh(TimePoint now) {
  suspected_ = false;
  std::vector<std::unique_ptr<PulledThread>> ended = list_.refresh(now);
  match_states();
  return ended;
}

void ThreadTable::match_states() {
  // The lists are read while the process may change them.
  PythonThreads python = read_thread_states(process_.memory(), layout_);
  for (int again = 0; again < kMostReadings && !python.complete; ++again)
    python = read_thread_states(process_.memory(), layout_);
  if (!python.complete) suspect();
  readable_ =
      process_.memory().pointer(layout_.walk.runtime + layout_.walk.runtime_interpreters_head).has_value();
  interpreters_ = std::move(python.interpreters);
  heads_.clear();
  for (const PythonInterpreter& interpreter : interpreters_) heads_.push_back(interpreter.threads_head);
  ids_.resolve(python.threads);
  std::unordered_map<pid_t, std::vector<PythonThread>> by_tid;
  for (const PythonThread& state : python.threads) {
    if (state.tid != 0) by_tid[state.tid].push_back(state);
  }
  by_state_.clear();
  for (const auto& thread : list_.threads()) {
    std::vector<PythonThread>& states = by_tid[thread->tid];
    if (states.empty() && !python.complete) states = thread->states;
    auto same = [](const PythonThread& a, const PythonThread& b) { return a.state == b.state; };
    bool unchanged =
        std::equal(states.begin(), states.end(), thread->states.begin(), thread->states.end(), same);
    if (!unchanged) thread->walks.assign(states.size(), {});
    thread->states = std::move(states);
    for (const PythonThread& state : thread->states) by_state_[state.state] = thread.get();
  }
}

SampledThread* ThreadTable::with_state(Address state) const {
  auto found = by_state_.find(state);
  return found == by_state_.end() ? nullptr : found->second;
}

}  // namespace rtprof
