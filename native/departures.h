#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/process/process.h"
#include "common/process/stack_snapshot.h"
#include "common/sampler/recorder.h"
#include "kernel/kernel_stacks.h"
#include "kernel/perf_records.h"
#include "kernel/process_files.h"
#include "kernel/record.h"
#include "native/process_code.h"

namespace rtprof::native {

// Where threads left their CPUs last, by the samples of that. Unwound, named and looked into only when asked
// for: of most waits nothing is told.
class Departures {
 public:
  // All outlive this. `by_callchain`: stacks of user space are the kernel's, by frame pointers.
  Departures(const Process& process, ProcessCode& code, kernel::KernelStacks& kernel_stacks,
             bool by_callchain)
      : process_(process),
        code_(code),
        kernel_stacks_(kernel_stacks),
        by_callchain_(by_callchain),
        settles_(code.runtime() != nullptr),
        files_(process) {}

  // Copies what is needed of the sample.
  void keep(const kernel::SampleRecord& sample);
  // The thread has left its CPU: what was kept of it since the last time is of this moment.
  void left(pid_t tid);
  void forget(pid_t tid) { places_.erase(tid); }

  // Unwinds what was kept since the last call. For code that may be replaced before anybody asks.
  void settle();

  // In user space; nothing when there was no sample.
  std::optional<RawStack> stack(pid_t tid);
  // Adds to `site` what the sample tells of what the thread waits for: its stack in the kernel, the system
  // call that it is in, and the files that the call is about.
  void describe(pid_t tid, rt_wait_site& site);

 private:
  struct Place {
    bool next = false;   // a sample has come, and left() has not
    bool known = false;  // of the last left()
    bool has_registers = false;
    Registers registers;  // in user space; of a system call they still are its arguments
    std::vector<uint8_t> bytes;
    std::vector<uint64_t> kernel;  // leaf first
    std::vector<uint64_t> user;    // the same
    std::optional<RawStack> stack;
  };

  Place* find(pid_t tid);
  void describe_call(const Place& place, rt_wait_site& site);
  // Number of the system call whose instruction ends at `pc`.
  uint32_t call_at(Address pc);
  std::optional<uint32_t> polled(const Place& place) const;

  const Process& process_;
  ProcessCode& code_;
  kernel::KernelStacks& kernel_stacks_;
  bool by_callchain_;
  const bool settles_;
  kernel::ProcessFiles files_;
  std::unordered_map<pid_t, Place> places_;
  std::vector<pid_t> kept_;  // since the last settle()
  std::unordered_map<Address, uint32_t> calls_;
};

}  // namespace rtprof::native
