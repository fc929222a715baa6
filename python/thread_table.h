#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/process/process.h"
#include "common/sampler/pulled_thread.h"
#include "common/sampler/thread_list.h"
#include "python/remote_walker.h"
#include "python/threads.h"

namespace rtprof {

// One thread of a target, and which thread states of the interpreter it runs.
struct SampledThread final : PulledThread {
  using PulledThread::PulledThread;

  // It was not found among the thread states; most often it never will be.
  void put_off_search(TimePoint now);

  // Newest interpreter first; empty for a thread that runs no Python code.
  std::vector<PythonThread> states;
  std::vector<WalkMemory> walks;  // of each state
  Nanoseconds search_after = 0;   // the wait before the next search for its state
  TimePoint search_due = 0;       // when that search is due; 0 before the first
};

// The threads of a target: those that the kernel lists, and which thread states of the interpreter they run.
class ThreadTable {
 public:
  ThreadTable(const Process& process, const PythonLayout& layout, double max_pause_share);

  // True when the kernel has more or fewer threads than were last listed, or something that was asked for
  // has changed. One system call.
  bool outdated() const { return suspected_ || list_.outdated(); }
  // Say that a thread state was not what was expected.
  void suspect() { suspected_ = true; }
  // Whether reading the thread states again may find that of `thread`, which has none and has run: always
  // when states have come or gone, else ever more rarely. A state can take the place of another's in memory,
  // and a process that was forked a moment ago has the thread id of its parent until it first runs.
  bool may_have_state(const SampledThread& thread, TimePoint now) const;
  // Reads the thread states again, for the threads that were listed last.
  void match_states();

  // Lists anew. Threads that have ended are handed out; new ones have no ledger yet.
  std::vector<std::unique_ptr<PulledThread>> refresh(TimePoint now);

  std::vector<std::unique_ptr<SampledThread>>& threads() { return list_.threads(); }
  const std::vector<PythonInterpreter>& interpreters() const { return interpreters_; }
  SampledThread* with_state(Address state) const;
  // False once the interpreter's memory is no longer there: the process has ended or become another program.
  bool readable() const { return readable_; }
  size_t seen() const { return list_.seen(); }

 private:
  std::vector<Address> list_heads() const;

  const Process& process_;
  const PythonLayout& layout_;
  ThreadList<SampledThread> list_;
  ThreadIds ids_;
  std::vector<PythonInterpreter> interpreters_;
  std::vector<Address> heads_;
  std::unordered_map<Address, SampledThread*> by_state_;
  bool suspected_ = false;
  bool readable_ = true;
};

}  // namespace rtprof
