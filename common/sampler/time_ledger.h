#pragma once

#include "common/base/clock.h"
#include "common/process/thread_probe.h"

namespace rtprof {

// Splits the time of a thread between two looks into what it spent running, waiting for a CPU, and neither
// (asleep, mostly), and keeps each kind until it goes into a sample. The three always add up to the elapsed
// time; running adds up to the CPU time that the kernel counted.
//
// A sample should carry the time since the last sample of its kind, not since the last look: a thread that
// runs for a tenth of the time is seen running at a tenth of the looks, and each of those then stands for the
// CPU time of ten.
class TimeLedger {
 public:
  // Time begins at `now`, CPU time at that of `times`.
  TimeLedger(const ThreadTimes& times, TimePoint now) : times_(times), looked_(now) {}

  // Accounts for the time up to `now`. `on_cpu` tells that the thread seems to have been on a CPU ever since
  // the last look: the kernel counts its CPU time at timer ticks only, and until then it is elapsed time.
  void look(const ThreadTimes& times, TimePoint now, bool on_cpu);

  // What is not yet in a sample. take…() hand it over; take_other() that of up to `most`.
  Nanoseconds running() const { return running_; }
  Nanoseconds runnable() const { return runnable_; }
  Nanoseconds other() const { return other_; }
  Nanoseconds take_running();
  Nanoseconds take_runnable();
  Nanoseconds take_other(Nanoseconds most);

  const ThreadTimes& times() const { return times_; }  // at the last look
  TimePoint looked() const { return looked_; }

 private:
  ThreadTimes times_;
  TimePoint looked_;
  // Counted by the kernel, but more than the elapsed time had room for; negative: recorded ahead of the
  // kernel.
  Nanoseconds running_debt_ = 0;
  Nanoseconds runnable_debt_ = 0;
  Nanoseconds ahead_ = 0;  // recorded since the kernel last counted
  Nanoseconds running_ = 0;
  Nanoseconds runnable_ = 0;
  Nanoseconds other_ = 0;
};

}  // namespace rtprof
