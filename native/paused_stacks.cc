#include "native/paused_stacks.h"

#include "common/process/pause.h"
#include "kernel/record.h"
#include "native/ptrace_registers.h"

namespace rtprof::native {

// The thread is held while its stack is read, and the kernel copies as much.
PausedStacks::PausedStacks(const Process& process) : holder_(process), reader_(process, RT_MAX_STACK_BYTES) {}

RunningStacks::Taken PausedStacks::take(PulledThread& thread, const std::function<void()>& beside) {
  Taken taken;
  ThreadHolder::Attempt attempt = holder_.hold(thread, [&] {
    if (auto registers = read_registers(thread.tid)) taken.snapshot = reader_.read(*registers);
    if (taken.snapshot) beside();
  });
  taken.is_taken = attempt.held;
  taken.stopped = attempt.stopped;
  taken.late = attempt.late;
  taken.denied = attempt.denied;
  taken.times = attempt.times;
  return taken;
}

}  // namespace rtprof::native
