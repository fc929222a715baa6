#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "common/sampler/recorder.h"

namespace rtprof::native {

// What a language runtime knows of the names of its process's threads.
class ThreadNames {
 public:
  virtual ~ThreadNames() = default;
  // By thread id; without those that have none, or whose name cannot be read.
  virtual std::unordered_map<pid_t, std::string> read(std::span<const pid_t> tids) = 0;
};

// Tells a recording what the threads of a process are called: what the program calls them where a runtime
// knows, otherwise what the kernel does. A thread that has just begun may not have its name yet, so it is
// looked at a few times more. Costs nothing while no thread is new.
class ThreadNamer {
 public:
  // `recorder` outlives this; `names` is null where no runtime knows.
  ThreadNamer(pid_t pid, Recorder& recorder, std::shared_ptr<ThreadNames> names)
      : pid_(pid), recorder_(recorder), names_(std::move(names)) {}

  // A thread has come, or the kernel has a new name of it.
  void add(pid_t tid);
  void add(pid_t tid, std::string_view kernel_name);
  // Asks the runtime for names of those that came, unless that would take more than a small part of the time.
  void update(TimePoint now);
  // Asks for those of all of these, which may have changed.
  void update_all(std::span<const pid_t> tids);

 private:
  const pid_t pid_;
  Recorder& recorder_;
  const std::shared_ptr<ThreadNames> names_;
  std::unordered_map<pid_t, int> looks_;  // at threads that came and that the program has not named yet
  TimePoint next_ = 0;
};

}  // namespace rtprof::native
