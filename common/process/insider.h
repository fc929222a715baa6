#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "common/process/memory.h"

namespace rtprof {

// Somebody inside a process who reads for us what the kernel shows only to who may attach to it.
class Insider {
 public:
  virtual ~Insider() = default;

  virtual const Memory& memory() const = 0;
  // What /proc/PID/task/TID/syscall says, proc(5), of a thread as our namespace numbers it; nothing when it
  // has ended, or is not to be had.
  virtual std::optional<std::string> syscall_of(pid_t tid) const = 0;
};

}  // namespace rtprof
