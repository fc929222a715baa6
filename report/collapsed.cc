#include "report/collapsed.h"

#include "report/call_paths.h"

namespace rtprof {

void write_collapsed(Sink& out, View& view, const Series& series) {
  UnitRounder rounder(view.profile(), series.event(), view.options());
  CallPaths(view, series).for_each([&](std::span<const ShownId> path, int64_t weight) {
    int64_t units = rounder.units(weight);
    if (units <= 0) return;
    for (size_t i = 0; i < path.size(); ++i) {
      if (i > 0) out.write(";");
      out.write(view.shown(path[i]).text);
    }
    out.print(" {}\n", units);
  });
}

}  // namespace rtprof
