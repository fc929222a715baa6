#include "common/profile/thread_dump.h"

namespace rtprof {

std::string_view thread_state_name(ThreadState state) {
  switch (state) {
    case ThreadState::kRunning:
      return "running";
    case ThreadState::kRunnable:
      return "runnable";
    case ThreadState::kSleeping:
      return "sleeping";
    case ThreadState::kDisk:
      return "disk";
    case ThreadState::kStopped:
      return "stopped";
    case ThreadState::kTraced:
      return "traced";
    case ThreadState::kEnded:
      return "ended";
  }
  return {};
}

ThreadState thread_state_of(char letter) {
  switch (letter) {
    case 'R':
      return ThreadState::kRunning;
    case 'D':
      return ThreadState::kDisk;
    case 'T':
      return ThreadState::kStopped;
    case 't':
      return ThreadState::kTraced;
    case 'X':
    case 'Z':
      return ThreadState::kEnded;
    default:
      return ThreadState::kSleeping;
  }
}

}  // namespace rtprof
