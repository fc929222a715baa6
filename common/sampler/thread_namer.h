#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "common/base/clock.h"
#include "common/sampler/recorder.h"

namespace rtprof {

// What a language runtime knows of the names of its process's threads.
class RuntimeThreadNames {
 public:
  virtual ~RuntimeThreadNames() = default;
  // Of these threads at least, by thread id; without those that have none, or whose name cannot be read.
  virtual std::unordered_map<pid_t, std::string> read(std::span<const pid_t> tids) = 0;
};

// Tells a recording what the threads of a process are called: what the program calls them where a runtime
// knows, otherwise what the kernel does. A thread that has just begun may not have its name yet, so it is
// looked at a few times more. Costs nothing while no thread is new.
class ThreadNamer {
 public:
  // `recorder` outlives this; `names` is null where no runtime knows.
  ThreadNamer(pid_t pid, Recorder& recorder, std::shared_ptr<RuntimeThreadNames> names)
      : pid_(pid), recorder_(recorder), names_(std::move(names)) {}

  // A thread has come, or the kernel has a new name of it.
  void add(pid_t tid);
  void add(pid_t tid, std::string_view kernel_name);
  // Asks the runtime for names of those that came, unless that would take more than a small part of the time.
  void update(TimePoint now);
  // Names all of these anew: their names may have changed.
  void update_all(std::span<const pid_t> tids);

 private:
  bool name(pid_t tid, const std::unordered_map<pid_t, std::string>& known);

  const pid_t pid_;
  Recorder& recorder_;
  const std::shared_ptr<RuntimeThreadNames> names_;
  std::unordered_map<pid_t, int> looks_;  // at threads that came and that the program has not named yet
  std::unordered_set<pid_t> named_;       // by the program: a look that fails later takes no name away
  TimePoint next_ = 0;
};

}  // namespace rtprof
