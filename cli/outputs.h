#pragma once

#include <string>
#include <vector>

#include "cli/record_options.h"
#include "common/profile/profile.h"

namespace rtprof::cli {

// The file that is written when none is named: rtprof-TARGET-EVENT-TIME.EXT.
std::string default_output(const SamplingPlan& plan, const std::string& target, Format format);

// Throws Error before anything is recorded when `path` cannot be written: its directory does not exist, is
// not one, or is not ours to write.
void check_output(const std::string& path);

// Throws Error (wrong usage) where several events would go to one standard output.
void check_events(const SamplingPlan& plan, Format format, const std::string& output);

// Writes everything the options ask for; returns the paths. What cannot be written where it was asked for is
// saved in the temporary directory, and the Error says where.
std::vector<std::string> write_outputs(const Profile& profile, const RecordOptions& options,
                                       const ReportOptions& report, const std::string& output, Format format);

}  // namespace rtprof::cli
