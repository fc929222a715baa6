#pragma once

#include <sys/types.h>

#include <unordered_map>

#include "common/process/process.h"

namespace rtprof::jvm {

// Thread ids of a process as its innermost pid namespace has them, and as we do.
class InnerTids {
 public:
  // Of a process in our own namespace.
  InnerTids() = default;
  // Of the threads that there are now, for outer().
  explicit InnerTids(const Process& process);

  // As we see it; 0 for a thread that has come since.
  pid_t outer(pid_t inner) const;

 private:
  bool are_same_ = true;
  std::unordered_map<pid_t, pid_t> outer_;
};

// What the thread is called inside; 0 when it has ended.
pid_t inner_tid(const Process& process, pid_t tid);

}  // namespace rtprof::jvm
