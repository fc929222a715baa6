#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/profile/quality.h"
#include "common/sampler/recorder.h"

namespace rtprof {

// When a source wants to be called.
struct Schedule {
  Nanoseconds period = 0;  // between ticks; 0: never ticked
  int fd = -1;             // call drain() when readable; -1: none
};

// Turns one live process into samples of all the events asked for. Destroying it leaves the target as it was
// found. Lives on one thread, the one that made it: ptrace is bound to the thread that attached.
class Source {
 public:
  virtual ~Source() = default;

  virtual Schedule schedule() const = 0;
  // When it began: what its samples weigh is what happened from here on.
  virtual TimePoint since() const = 0;
  // Pullers: read what sleeps, pause what runs. `now` is when the tick was due to the clock.
  virtual void tick(TimePoint now, Recorder& recorder) = 0;
  // Pushers: take what was queued. Called when the descriptor is readable, and at least every 100 ms.
  virtual void drain(Recorder& recorder) = 0;
  // Emit what is still open (waits, counters) up to now, and go on from there.
  virtual void flush(Recorder& recorder) = 0;
  // True when the process has ended or become another program.
  virtual bool ended() const = 0;
  // A tick came more than a period late: it stands for `missed` more.
  virtual void missed_ticks(uint64_t missed) = 0;
  // One entry an event.
  virtual std::vector<RunQuality> quality() const = 0;
};

}  // namespace rtprof
