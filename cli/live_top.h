#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/profile/profile.h"
#include "report/options.h"
#include "report/top_table.h"

namespace rtprof::cli {

enum class TopSort : uint8_t { kOwnShare, kTotalShare, kOwnTime, kTotalTime };

// One line of the table. Shares are of the time between the last two updates: 1 is one CPU busy all the time
// in a cpu profile, one thread in a wall profile; of alloc, of what was allocated in that time. Times, or
// bytes, are since the start.
struct LiveRow {
  std::string function;
  std::string place;
  double own_share = 0;
  double total_share = 0;
  int64_t own = 0;  // ns, or bytes
  int64_t total = 0;
  Reason reason =
      Reason::kNone;  // for which most of its own time was spent, or of the total where it has none
};

// What the head of the table says of the time between the last two updates; counts are since the start.
struct LiveFigures {
  Nanoseconds elapsed = 0;           // since the start
  double cpu_share = 0;              // CPU time of all processes, 1 is one CPU
  std::optional<double> lock_share;  // of the time some thread ran with the GIL; none: not known
  double samples_a_second = 0;
  uint64_t late = 0;
  uint64_t lost = 0;
  uint64_t torn = 0;
  uint64_t errors = 0;
  uint64_t unknown = 0;
};

// What happened since the start and since the last update, by function, by line and by thread, so that a
// change of the view needs no new samples.
class LiveTop {
 public:
  // The profile outlives it and may grow between calls. `start`: when the recording began.
  LiveTop(const Profile& profile, Event event, const ReportOptions& options, TimePoint start);

  // Takes the samples since the last update, and the quality of all runs up to `now`.
  void update(const std::vector<Sample>& samples, const std::vector<RunQuality>& quality, TimePoint now);

  // `by`: kDefinition, kLine or kThread. Rows of nothing are left out.
  std::vector<LiveRow> rows(ReportOptions::By by, TopSort sort) const;
  const LiveFigures& figures() const { return figures_; }

 private:
  struct Weights {
    int64_t self = 0;
    int64_t total = 0;
  };
  struct Table {
    std::unique_ptr<TopCounter> counter;
    std::vector<Weights> before;  // by row, at the update before the last
  };
  // Of all runs together.
  struct Totals {
    uint64_t samples = 0;
    Nanoseconds cpu = 0;
    Nanoseconds lock_held = 0;
  };

  static Table make_table(const Profile& profile, ReportOptions options, ReportOptions::By by);
  const Table& table(ReportOptions::By by) const;

  Event event_;
  Table by_definition_;
  Table by_line_;
  Table by_thread_;
  TimePoint start_;
  TimePoint updated_;
  Nanoseconds interval_ = 0;
  int64_t whole_ = 0;  // what shares are of
  Totals totals_;
  LiveFigures figures_;
};

}  // namespace rtprof::cli
