#include "cli/record_job.h"

#include <fmt/core.h>

#include <cstdio>

#include "cli/outputs.h"
#include "cli/progress.h"
#include "cli/summary.h"

namespace rtprof::cli {

RecordJob::RecordJob(const RecordOptions& options, const std::string& target)
    : options_(options),
      plan_(plan_of(options)),
      duration_(duration_of(options)),
      format_(format_of(options)) {
  output_ = options.output.empty() ? default_output(plan_, target, format_) : options.output;
  check_events(plan_, format_, output_);
  check_output(output_);
  check_output(options.stats);
}

void RecordJob::record(Recording& recording, const std::atomic<bool>& stop) const {
  Progress progress(options_.quiet, duration_);
  recording.run(duration_, stop, [&] { progress.show(recording.elapsed(), recording.samples()); });
}

void RecordJob::write(Recording& recording, bool several) const {
  ReportOptions report = report_options_of(options_, several);
  recording.with_profile([&](const Profile& profile) {
    auto written = write_outputs(profile, options_, report, output_, format_);
    for (const std::string& warning : warnings_about(profile, plan_, report)) {
      fmt::print(stderr, "rtprof: warning: {}\n", warning);
    }
    if (!options_.quiet) fmt::print(stderr, "{}", summary_text(profile, written));
    require_samples(profile, plan_);
  });
}

}  // namespace rtprof::cli
