#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/process/pause.h"
#include "common/process/priority.h"
#include "common/process/process.h"
#include "common/process/thread_probe.h"
#include "common/profile/thread_dump.h"
#include "kernel/thread_registers.h"
#include "native/address_space.h"
#include "native/runtime_code.h"
#include "native/stack_reader.h"
#include "native/stack_unwinder.h"
#include "native/workshop.h"

namespace rtprof::native {

// The machine stacks of all threads of a process, each taken once. Threads that sleep are read as they are,
// by the registers that the kernel saved of them, and checked to have slept all the while; those that run are
// held one by one, for the moment that a read takes. Where BPF is not permitted sleeping threads have to be
// held too.
class ThreadStacks {
 public:
  // What was taken of a thread.
  struct Taken {
    explicit Taken(pid_t pid, pid_t tid) : probe(pid, tid) {}
    ThreadProbe probe;
    bool done = false;
    ThreadState state = ThreadState::kSleeping;
    std::string problem;  // why there are no frames
    std::vector<MachineFrame> frames;
    UnwindEnd end = UnwindEnd::kComplete;
    std::string runtime_problem;  // RuntimeCode::problem() of it
    std::optional<CarriedThread> carried;
    std::optional<ThreadTimes> times;  // while it was read, of a thread that was on no CPU

    // Whether it has not run since its stack was taken.
    bool stands() const { return times && probe.times() == times; }
  };

  // `runtime` makes some of the code; null where there is none. Both outlive this.
  ThreadStacks(const Process& process, const DumpOptions& options, RuntimeCode* runtime = nullptr);

  // Throws Error when the process ends meanwhile.
  void take();

  // By thread id; of those that have ended the state says so.
  const std::map<pid_t, Taken>& threads() const { return threads_; }
  AddressSpace& space() { return space_; }
  Symbolizer& symbolizer() { return *workshop_.symbolizer; }
  // How long threads were held, and what else a reader should know of the taking.
  void add_notes(ThreadDump& dump);

 private:
  void take_sleepers();
  void take_standing(const std::map<pid_t, ThreadTimes>& before);
  void take_held(pid_t tid, Taken& thread);
  PauseOutcome take_late(pid_t tid, const std::optional<ThreadTimes>& before);
  void copy(const ThreadPause& pause, pid_t tid);
  void unwind(const StackSnapshot& snapshot, Taken& thread);

  const Process& process_;
  const DumpOptions options_;
  RuntimeCode* runtime_;
  HighPriority priority_;
  StackReader reader_;
  Workshop workshop_;
  AddressSpace space_;
  StackUnwinder unwinder_;
  Pauser pauser_;
  std::optional<StackSnapshot> snapshot_;  // of the thread that was held last
  std::vector<uint8_t> beside_;            // RuntimeCode::beside_stack() of it
  std::optional<kernel::ThreadRegisters> saved_;
  std::string no_saved_;  // why there is none
  std::string no_pause_;
  std::map<pid_t, Taken> threads_;
  size_t held_asleep_ = 0;
};

// Appends what stands at the root for frames that are missing; `end`: for the callers that were not found.
void append_marks(const ThreadStacks::Taken& taken, std::string_view end,
                  std::vector<DumpedFrame>& leaf_first);

}  // namespace rtprof::native
