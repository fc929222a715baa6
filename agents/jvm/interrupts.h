#pragma once

#include <signal.h>

#include <atomic>

#include "agents/jvm/recording.h"

namespace rtprof::agents::jvm {

// Has threads that rtprof interrupts by kSnapshotSignal write a snapshot of themselves. rtprof sends the
// signals: when it is gone there are none. What they call is not walked here, so that nothing of the JVM's is
// read that may be in the middle of a change.
class Interrupts {
 public:
  // `mark`: signal_mark() of the rtprof that is served.
  Answer start(uint64_t mark, Recording& recording);
  // After the recording is closed: the signal is as it was.
  void stop();

 private:
  static void on_signal(int signal, siginfo_t* info, void* context);
  void pass_on(int signal, siginfo_t* info, void* context) const;

  std::atomic<Recording*> recording_ = nullptr;
  std::atomic<uint64_t> mark_ = 0;
  struct sigaction before_[2] = {};
  std::atomic<const struct sigaction*> next_ = before_;  // of them, the one that ours passes on to
  bool is_installed_ = false;
  bool is_buried_ = false;  // somebody has a handler over ours, which may call it
};

}  // namespace rtprof::agents::jvm
