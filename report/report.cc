#include "report/report.h"

#include <fmt/format.h>

#include <vector>

#include "report/collapsed.h"
#include "report/html.h"
#include "report/pprof.h"
#include "report/speedscope.h"
#include "report/svg.h"
#include "report/top_table.h"
#include "report/view.h"

namespace rtprof {
namespace {

std::vector<const Series*> chosen_events(const Profile& profile, const ReportOptions& options) {
  std::vector<const Series*> chosen;
  for (const Series& series : profile.all_series()) {
    if (!options.event || *options.event == series.event()) chosen.push_back(&series);
  }
  return chosen;
}

}  // namespace

Result<bool> render(const Profile& profile, Format format, const ReportOptions& options, Sink& out) {
  std::vector<const Series*> events = chosen_events(profile, options);
  if (events.empty()) {
    return Failure{options.event ? fmt::format("no {} was recorded", event_name(*options.event))
                                 : std::string("no event was recorded")};
  }
  if (events.size() > 1 && !holds_several_events(format)) {
    return Failure{
        fmt::format("{} holds one event, and {} were recorded", format_name(format), events.size())};
  }
  View view(profile, options);
  switch (format) {
    case Format::kHtml:
      write_html(out, profile, events, options);
      break;
    case Format::kCollapsed:
      write_collapsed(out, view, *events[0]);
      break;
    case Format::kSvg:
      write_svg(out, view, *events[0]);
      break;
    case Format::kPprof:
      write_pprof(out, profile, events, options);
      break;
    case Format::kSpeedscope:
      write_speedscope(out, profile, events, options);
      break;
    case Format::kText:
      out.write(render_text(profile, *events[0], options));
      break;
  }
  return true;
}

}  // namespace rtprof
