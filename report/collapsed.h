#pragma once

#include "common/base/sink.h"
#include "common/profile/series.h"
#include "report/view.h"

namespace rtprof {

// A line a stack, "root;caller;leaf WEIGHT", sorted. Weights are those of UnitRounder; stacks of less than
// one unit are left out and their weight is carried to the next.
void write_collapsed(Sink& out, View& view, const Series& series);

}  // namespace rtprof
