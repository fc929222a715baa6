#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "common/sampler/recorder.h"
#include "common/sampler/source.h"
#include "common/sampler/ticker.h"

namespace rtprof {

// One run: the loop over its sources. Sources are made, used and destroyed on the thread that calls run().
// What sources of all runtimes share they get from RunServices.
class Session {
 public:
  explicit Session(Recorder& recorder) : recorder_(recorder) {}

  void add(std::unique_ptr<Source> source);
  bool empty() const { return entries_.empty(); }
  // Whether a source has not ended yet.
  bool any_live() const;
  // When the first of its sources began; now, when there is none.
  TimePoint since() const;

  // Samples until `deadline` (0: none), until `stop` is set, or until every source has ended and `refresh`
  // has returned false. `refresh` is called every `refresh_period`; it may add sources, and returns whether
  // more may come. Flushes all sources at the end.
  void run(TimePoint deadline, const std::atomic<bool>& stop, Nanoseconds refresh_period,
           const std::function<bool()>& refresh);

  // Emits open waits of all sources up to now.
  void flush();

  // Of all sources, those that have ended included.
  std::vector<RunQuality> quality() const;

 private:
  struct Entry {
    std::unique_ptr<Source> source;  // null once it has ended
    Ticker ticker;
    Schedule schedule;
    std::vector<RunQuality> final_quality;  // of a source that has ended
  };

  void wait(TimePoint until) const;
  void serve(TimePoint now, bool drain_all);
  void end(Entry& entry);

  Recorder& recorder_;
  std::vector<Entry> entries_;
};

}  // namespace rtprof
