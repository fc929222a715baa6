#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/live_top.h"
#include "common/profile/event.h"
#include "report/options.h"

namespace rtprof::cli {

// How the table is looked at; keys change it.
struct TopView {
  ReportOptions::By by = ReportOptions::By::kDefinition;  // or kLine, kThread
  TopSort sort = TopSort::kOwnShare;
  size_t first_row = 0;
  bool paused = false;
  bool reasons = false;       // a column for what the time was spent: for wall and offcpu
  Event event = Event::kCpu;  // of which the weights are
};

// What is said of the recording above the table.
struct TopTitle {
  std::string target;     // "process 4711 (gunicorn: worker), Python 3.13.5"
  std::string mechanism;  // "cpu by kernel at 99 Hz"
  size_t processes = 1;
  size_t threads = 0;  // that live now
};

// Lines of the head: the target, then the figures of the last interval. They are not cut.
std::vector<std::string> top_head(const TopTitle& title, const LiveFigures& figures, bool paused);

// The names of the columns, and a row each. `width` columns; 0: as wide as the text is.
std::string top_column_names(const TopView& view, size_t width);
std::string top_row(const TopView& view, const LiveRow& row, size_t width);

// What to say in the place of rows when there are none.
std::string top_nothing(Event event, bool gil_only);

}  // namespace rtprof::cli
