#pragma once

#include "common/base/clock.h"

namespace rtprof::native {

// Keeps what the samples of a process weigh in step with its CPU clock. The kernel's events do not run while
// threads are switched, which it charges to the threads: some 4 µs a switch, of a service with thousands of
// switches a second 2 to 5 % of its time. What the samples lack is spread over all that follow: it is not
// known of each thread, whose clocks would have to be read for it one by one.
class CpuAccount {
 public:
  // `clock`: CPU time of the process, as of begin_batch(), when sampling began.
  void start(Nanoseconds clock) { begun_ = clock_ = clock; }
  // Before each batch of samples, which are of the time up to `clock`.
  void begin_batch(Nanoseconds clock);
  // What a sample weighs that stands for so much time by its event: up to a tenth more or less.
  Nanoseconds weigh(Nanoseconds weight);

 private:
  Nanoseconds begun_ = 0;
  Nanoseconds clock_ = 0;    // up to which samples were taken
  Nanoseconds weighed_ = 0;  // in all
  Nanoseconds in_batch_ = 0;
  double correction_ = 0;  // of a sample's weight
};

}  // namespace rtprof::native
