#pragma once

#include "common/base/result.h"
#include "common/base/sink.h"
#include "common/profile/profile.h"
#include "report/format.h"
#include "report/options.h"

namespace rtprof {

// Writes a profile as the bytes of a file. Fails when options.event was not recorded, or when it is not set,
// several were, and the format holds only one; nothing is written then.
Result<bool> render(const Profile& profile, Format format, const ReportOptions& options, Sink& out);

}  // namespace rtprof
