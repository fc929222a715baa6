#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>

#include "cli/record_options.h"
#include "cli/recording.h"

namespace rtprof::cli {

// What attach and run do alike: check the options before anything is touched, record with progress, write the
// result and the summary.
class RecordJob {
 public:
  // Throws Error for options that mean nothing and for outputs that cannot be written. `pid` names the output
  // where the options do not.
  RecordJob(const RecordOptions& options, pid_t pid);

  const SamplingPlan& plan() const { return plan_; }
  void record(Recording& recording, const std::atomic<bool>& stop) const;
  // `pid_count`: processes named on the command line.
  void write(Recording& recording, size_t pid_count) const;

 private:
  const RecordOptions& options_;
  SamplingPlan plan_;
  Nanoseconds duration_;
  Format format_;
  std::string output_;
};

}  // namespace rtprof::cli
