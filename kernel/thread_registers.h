#pragma once

#include <sys/types.h>

#include <map>
#include <memory>

#include "common/base/fd.h"
#include "common/base/result.h"
#include "common/process/stack_snapshot.h"

struct thread_registers;

namespace rtprof::kernel {

// Reads user registers of threads that sleep, without touching them: a BPF program reads what the kernel
// saved.
class ThreadRegisters {
 public:
  // Fails with the reason: permission, kernel too old (needs Linux 5.15), no BTF.
  static Result<ThreadRegisters> open();
  ThreadRegisters(ThreadRegisters&&) noexcept;
  ThreadRegisters& operator=(ThreadRegisters&&) noexcept;
  ~ThreadRegisters();

  struct Saved {
    Registers registers;
    int64_t system_call = -1;  // that the thread is in; -1: none
  };
  // By thread id. Right for a thread that has been in the kernel all the while, which the caller makes sure
  // of; otherwise of some earlier time.
  std::map<pid_t, Saved> read(pid_t pid);

 private:
  ThreadRegisters();

  struct Deleter {
    void operator()(thread_registers* skeleton) const;
  };
  std::unique_ptr<thread_registers, Deleter> skeleton_;
};

}  // namespace rtprof::kernel
