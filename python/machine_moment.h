#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/process/process.h"
#include "common/process/stack_snapshot.h"
#include "kernel/thread_registers.h"
#include "native/stack_reader.h"
#include "python/pull_reader.h"
#include "python/thread_table.h"

namespace rtprof {

// Takes a thread's machine stack from outside in the moment in which its Python stack is walked: the witness
// of a PullReader.
//
// The registers of a thread that is held are those that ptrace tells. Of one that sleeps /proc tells where it
// is and no more, which is enough to unwind code that finds its callers by the stack pointer; a BPF program
// tells all of them, at the price of a look at every task of the machine.
class MachineMoment {
 public:
  // `most`: bytes of a stack.
  MachineMoment(const Process& process, size_t most) : process_(process), reader_(process, most) {}

  // Has registers of sleepers told by BPF; the reason why not where that is not permitted.
  std::string use_bpf();
  // Those of all that sleep now, in one look. One that sleeps on until it is read needs no other.
  void read_ahead(const std::vector<std::unique_ptr<SampledThread>>& threads);

  void take(const SampledThread& thread, PullReader::Hold hold);
  void forget() { stack_.reset(); }
  // What was taken; nothing when registers or stack could not be had. Valid until the next take().
  const std::optional<StackSnapshot>& stack() const { return stack_; }

  // Call now and then, while no thread is held.
  void refresh() { reader_.refresh(); }

 private:
  using Saved = std::map<pid_t, kernel::ThreadRegisters::Saved>;

  std::optional<StackSnapshot> read_asleep(const SampledThread& thread, Address thread_pointer);

  const Process& process_;
  native::StackReader reader_;
  std::optional<kernel::ThreadRegisters> bpf_;
  Saved ahead_;
  std::map<pid_t, ThreadTimes> times_ahead_;  // before ahead_ was read
  std::optional<StackSnapshot> stack_;
};

}  // namespace rtprof
