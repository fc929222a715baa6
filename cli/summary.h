#pragma once

#include <string>
#include <vector>

#include "common/profile/profile.h"
#include "common/sampler/plan.h"
#include "report/options.h"

namespace rtprof::cli {

// About ten lines for a person: what was recorded, how right it is, what it cost, where it went.
std::string summary_text(const Profile& profile, const std::vector<std::string>& written);

// Throws Error when a process used CPU and yet no sample of it came: then something did not work.
void require_samples(const Profile& profile, const SamplingPlan& plan);

// What explains a result that is empty, a line for each such event; nothing when all is well.
std::vector<std::string> warnings_about(const Profile& profile, const SamplingPlan& plan,
                                        const ReportOptions& report);

}  // namespace rtprof::cli
