#pragma once

#include <vector>

#include "common/base/sink.h"
#include "common/profile/profile.h"
#include "report/options.h"

namespace rtprof {

// A file for speedscope.app: one sampled profile for each event and thread, in the order of time where times
// are known.
void write_speedscope(Sink& out, const Profile& profile, const std::vector<const Series*>& events,
                      const ReportOptions& options);

}  // namespace rtprof
