#pragma once

#include "common/base/sink.h"
#include "common/profile/series.h"
#include "report/view.h"

namespace rtprof {

// A flame graph as one still picture: each frame a rectangle whose title says its text, weight and share.
// Weights are those of UnitRounder. Frames narrower than options.min_width pixels are left out.
void write_svg(Sink& out, View& view, const Series& series);

}  // namespace rtprof
