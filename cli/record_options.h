#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/sampler/plan.h"
#include "report/format.h"
#include "report/options.h"

namespace CLI {
class App;
}

namespace rtprof::cli {

// Of --native, which has a short name where a file is written.
inline constexpr const char* kNativeHelp = "C frames under the frames of the runtime that called them";

// The options that attach and run share, as text from the command line.
struct RecordOptions {
  std::vector<std::string> events;
  std::string duration;
  std::string rate = "99";
  std::string mechanism;
  std::string allocation_interval = "512k";
  bool allocation_types = true;
  bool live = false;
  std::string as_of;
  bool ages = false;
  std::string lock_threshold;
  bool no_agent = false;
  bool subprocesses = false;
  bool nonblocking = false;
  std::string max_pause_share = "10%";
  bool gil = false;
  bool jit_marks = false;
  bool signatures = false;
  std::string unwind = "auto";
  bool no_kernel = false;
  bool idle = false;
  bool wakers = false;
  bool native = false;
  std::string min_block;
  std::string max_block;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  bool threads = false;
  bool lines = false;
  bool no_lines = false;
  bool full_filenames = false;
  std::string output;
  std::string format;
  bool per_process = false;
  bool total = false;
  bool reverse = false;
  bool inverted = false;
  double min_width = 0.1;
  std::string colors;
  std::string title;
  std::string stats;
  bool quiet = false;
};

void add_record_options(CLI::App& command, RecordOptions& options);
// Those of them that say how to sample, and what to show of it: what a live view takes, too.
void add_sampling_options(CLI::App& command, RecordOptions& options);
void add_filter_options(CLI::App& command, RecordOptions& options);

// What the options mean. Each throws Error (wrong usage) for a text that means nothing.
SamplingPlan plan_of(const RecordOptions& options);
// `several`: of more than one process.
ReportOptions report_options_of(const RecordOptions& options, bool several);
// 0: until Ctrl-C.
Nanoseconds duration_of(const RecordOptions& options);
Format format_of(const RecordOptions& options);

}  // namespace rtprof::cli
