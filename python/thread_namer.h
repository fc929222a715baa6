#pragma once

#include <sys/types.h>

#include <string>
#include <unordered_map>

#include "common/process/process.h"
#include "common/sampler/recorder.h"
#include "python/thread_names.h"
#include "python/threads.h"

namespace rtprof {

// Tells a recording what the threads of a process are called: what the program calls them, otherwise what the
// kernel does. A thread that has just begun may not have its name yet, so it is looked up a few times more.
// Costs nothing while no thread is new.
class ThreadNamer {
 public:
  ThreadNamer(const Process& process, const PythonLayout& layout, Recorder& recorder);

  // A thread has come.
  void add(pid_t tid) { looks_[tid] = 0; }
  // Names the threads that came, unless that would take more than a small part of the time.
  void update(TimePoint now);
  // Names all threads that there are now, which may have changed their names.
  void update_all();

 private:
  std::unordered_map<pid_t, std::string> names_by_tid();
  bool name(pid_t tid, const std::unordered_map<pid_t, std::string>& known);

  const Process& process_;
  const PythonLayout layout_;
  Recorder& recorder_;
  ThreadIds ids_;
  ThreadNames names_;
  std::unordered_map<pid_t, int> looks_;  // at threads that came and that the program has not named yet
  TimePoint next_ = 0;
};

}  // namespace rtprof
