#include "cli/top_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/columns.h"
#include "report/text.h"
#include "report/units.h"

namespace rtprof::cli {
namespace {

// "100.0%   12.3%    1.23 s    45.6 s  "
constexpr size_t kNumbersWidth = 38;
// "[preempted]  "
constexpr size_t kReasonWidth = 13;
constexpr size_t kLeastFunctionWidth = 16;

struct Widths {
  size_t function;
  size_t place;
};

// The names get what the columns before them leave: three fifths for the function.
Widths widths_for(size_t left) {
  if (left < 2 * kLeastFunctionWidth) return {left, 0};
  size_t function = left * 3 / 5;
  return {function, left - function - 1};
}

size_t names_width(const TopView& view, size_t width) {
  size_t taken = kNumbersWidth + (view.reasons ? kReasonWidth : 0);
  return width > taken ? width - taken : 0;
}

// `width`: of the whole line; 0: as wide as it is.
std::string names_text(const TopView& view, std::string_view function, std::string_view place, size_t width) {
  if (width == 0) return place.empty() ? std::string(function) : fmt::format("{}  {}", function, place);
  size_t left = names_width(view, width);
  Widths widths = widths_for(left);
  if (place.empty()) return fit_start(function, left);
  if (widths.place == 0) return fit_start(function, widths.function);
  return fit_start(function, widths.function) + " " + fit_end(place, widths.place);
}

std::string reason_column(const TopView& view, std::string_view reason) {
  return view.reasons ? fmt::format("{:<{}}", reason, kReasonWidth) : "";
}

// A number in a column of its own width, whatever bytes its unit takes ("µs").
std::string right(const std::string& text, size_t columns) {
  size_t width = display_width(text);
  return std::string(columns > width ? columns - width : 0, ' ') + text;
}

std::string share_text(double share) {
  return fmt::format("{:.1f}%", 100 * share);
}

std::string errors_text(const LiveFigures& figures) {
  const std::pair<uint64_t, std::string_view> kinds[] = {{figures.late, "late"},
                                                         {figures.lost, "lost"},
                                                         {figures.torn, "torn"},
                                                         {figures.errors, "failed"},
                                                         {figures.unknown, "unknown"}};
  uint64_t all = 0;
  std::string each;
  for (auto [count, name] : kinds) {
    all += count;
    if (count != 0) each += fmt::format("{}{} {}", each.empty() ? "" : ", ", count, name);
  }
  return each.empty() ? "errors 0" : fmt::format("errors {} ({})", all, each);
}

}  // namespace

std::vector<std::string> top_head(const TopTitle& title, const LiveFigures& figures, bool paused) {
  // What matters most comes first: a narrow screen cuts the end off.
  std::string numbers = paused ? "[paused]  " : "";
  numbers += fmt::format("CPU {}", share_text(figures.cpu_share));
  if (figures.lock_share) numbers += fmt::format("  GIL {}", share_text(*figures.lock_share));
  if (title.processes != 1) numbers += fmt::format("  processes {}", title.processes);
  numbers +=
      fmt::format("  threads {}  samples {:.0f}/s  {}  {}, {}", title.threads, figures.samples_a_second,
                  errors_text(figures), title.mechanism, weight_text(Event::kWall, figures.elapsed));
  return {fmt::format("rtprof: {}", clean_text(title.target)), numbers};
}

std::string top_column_names(const TopView& view, size_t width) {
  auto name = [&](TopSort column, std::string_view text) {
    return view.sort == column ? fmt::format(">{}", text) : std::string(text);
  };
  std::string_view what = view.by == ReportOptions::By::kThread ? "thread" : "function";
  std::string_view where = view.by == ReportOptions::By::kThread ? ""
                           : view.by == ReportOptions::By::kLine ? "file:line"
                                                                 : "file:first line";
  return fmt::format("{:>7} {:>8} {:>9} {:>9}  {}{}", name(TopSort::kOwnShare, "own%"),
                     name(TopSort::kTotalShare, "total%"), name(TopSort::kOwnTime, "own"),
                     name(TopSort::kTotalTime, "total"), reason_column(view, "reason"),
                     names_text(view, what, where, width));
}

std::string top_row(const TopView& view, const LiveRow& row, size_t width) {
  return fmt::format("{:>7} {:>8} {} {}  {}{}", share_text(row.own_share), share_text(row.total_share),
                     right(weight_text(view.event, row.own), 9), right(weight_text(view.event, row.total), 9),
                     reason_column(view, reason_name(row.reason)),
                     names_text(view, row.function, row.place, width));
}

std::string top_nothing(Event event, bool gil_only) {
  if (gil_only) return "no thread has held the GIL yet; without --gil what runs without it shows, too";
  if (event == Event::kCpu) return "no CPU was used yet; -e wall shows where threads wait";
  if (event == Event::kOffCpu) return "no thread has waited yet";
  if (event == Event::kAlloc) return "no allocation was sampled yet";
  if (event == Event::kLock) return "no thread waited for a lock yet";
  return "nothing was recorded yet";
}

}  // namespace rtprof::cli
