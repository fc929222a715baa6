#pragma once

#include <vector>

#include "common/base/sink.h"
#include "common/profile/profile.h"
#include "report/options.h"

namespace rtprof {

// A gzip'd profile.proto of github.com/google/pprof: two sample types an event, a location for each frame,
// and labels for thread, tid, process, pid and reason.
void write_pprof(Sink& out, const Profile& profile, const std::vector<const Series*>& events,
                 const ReportOptions& options);

}  // namespace rtprof
