#pragma once

#include <string>

#include "common/base/result.h"
#include "common/profile/profile.h"
#include "report/format.h"
#include "report/options.h"

namespace rtprof {

// A profile as the bytes of a file. Fails when options.event was not recorded, or when it is not set, several
// were, and the format holds only one.
Result<std::string> render(const Profile& profile, Format format, const ReportOptions& options);

}  // namespace rtprof
