#pragma once

#include <string>

#include "common/profile/series.h"
#include "report/view.h"

namespace rtprof {

// A line a stack, "root;caller;leaf WEIGHT", sorted. Weights are those of UnitRounder; stacks of less than
// one unit are left out and their weight is carried to the next.
std::string render_collapsed(View& view, const Series& series);

}  // namespace rtprof
