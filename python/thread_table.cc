#include "python/thread_table.h"

#include <fcntl.h>
#include <sys/stat.h>

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
    : process_(process),
      layout_(layout),
      max_pause_share_(max_pause_share),
      task_directory_(::open((process.directory() + "/task").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
      ids_(process) {}

bool ThreadTable::outdated() const {
  // The directory of tasks has a link for each, and two of its own (proc_task_getattr, fs/proc/base.c).
  struct stat info {};
  bool counted = ::fstat(task_directory_.get(), &info) == 0;
  return suspected_ || !counted || info.st_nlink != listed_ + 2;
}

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

std::vector<std::unique_ptr<SampledThread>> ThreadTable::refresh(TimePoint now) {
  suspected_ = false;
  std::vector<pid_t> tids = process_.threads();
  listed_ = tids.size();
  std::sort(tids.begin(), tids.end());
  std::vector<std::unique_ptr<SampledThread>> ended;
  std::erase_if(threads_, [&](std::unique_ptr<SampledThread>& thread) {
    bool listed = std::binary_search(tids.begin(), tids.end(), thread->tid) && thread->probe.state() != 'X';
    if (!listed) ended.push_back(std::move(thread));
    return !listed;
  });
  std::vector<pid_t> known;
  for (const auto& thread : threads_) known.push_back(thread->tid);
  std::sort(known.begin(), known.end());
  for (pid_t tid : tids) {
    if (std::binary_search(known.begin(), known.end(), tid)) continue;
    threads_.push_back(std::make_unique<SampledThread>(process_.pid(), tid, max_pause_share_, now));
    ++seen_;
  }
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
  for (auto& thread : threads_) {
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
