#pragma once

#include <atomic>
#include <string>

#include "cli/record_options.h"
#include "cli/recording.h"

namespace rtprof::cli {

// What attach and run do alike: check the options before anything is touched, record with progress, write the
// result and the summary.
class RecordJob {
 public:
  // Throws Error for options that mean nothing and for outputs that cannot be written. `target` names the
  // output where the options do not: a pid, "all".
  RecordJob(const RecordOptions& options, const std::string& target);

  const SamplingPlan& plan() const { return plan_; }
  void record(Recording& recording, const std::atomic<bool>& stop) const;
  // `several`: of more than one process.
  void write(Recording& recording, bool several) const;

 private:
  const RecordOptions& options_;
  SamplingPlan plan_;
  Nanoseconds duration_;
  Format format_;
  std::string output_;
};

}  // namespace rtprof::cli
