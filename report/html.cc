#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/text.h"
#include "viewer/page.h"

namespace rtprof {
namespace {

std::string target_name(const Profile& profile, const ReportOptions& options) {
  auto chosen = [&](const ProfiledProcess& p) { return !options.pid || p.pid == *options.pid; };
  auto count = std::count_if(profile.processes.begin(), profile.processes.end(), chosen);
  auto first = std::find_if(profile.processes.begin(), profile.processes.end(), chosen);
  if (count == 0) return "rtprof";
  std::string name = fmt::format("{} (pid {})", first->command, first->pid);
  if (count > 1) name += fmt::format(" and {} more", count - 1);
  return name;
}

}  // namespace

std::string default_title(const Profile& profile, const std::vector<const Series*>& events,
                          const ReportOptions& options) {
  std::string names;
  for (const Series* series : events) {
    if (!names.empty()) names += ", ";
    names += event_name(series->event());
  }
  return fmt::format("{}: {}", target_name(profile, options), names);
}

void write_html(Sink& out, const Profile& profile, const std::vector<const Series*>& events,
                const ReportOptions& options) {
  std::string title = options.title.empty() ? default_title(profile, events, options) : options.title;
  out.write(viewer::kBeforeTitle);
  out.write(markup_text(title));
  out.write(viewer::kBeforeData);
  write_page_data(out, profile, events, options);
  out.write(viewer::kAfterData);
}

}  // namespace rtprof
