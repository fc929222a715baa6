#pragma once

#include <string>

#include "common/profile/profile.h"

namespace rtprof {

// The recording's quality, as --stats writes it. With exactly one run, its fields are repeated at the top.
std::string render_stats(const Profile& profile);

}  // namespace rtprof
