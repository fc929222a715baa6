#pragma once

#include <string>
#include <vector>

#include "common/profile/profile.h"
#include "report/options.h"

namespace rtprof {

// A gzip'd profile.proto of github.com/google/pprof: two sample types an event, a location for each frame,
// and labels for thread, tid, process, pid and reason.
std::string render_pprof(const Profile& profile, const std::vector<const Series*>& events,
                         const ReportOptions& options);

}  // namespace rtprof
