#pragma once

#include <string>
#include <vector>

#include "common/profile/profile.h"
#include "report/options.h"

namespace rtprof {

// A file for speedscope.app: one sampled profile for each event and thread, in the order of time.
std::string render_speedscope(const Profile& profile, const std::vector<const Series*>& events,
                              const ReportOptions& options);

}  // namespace rtprof
