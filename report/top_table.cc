#include "report/top_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/frame_text.h"
#include "report/html.h"
#include "report/numbering.h"
#include "report/text.h"
#include "report/units.h"
#include "report/view.h"

namespace rtprof {
namespace {

constexpr uint32_t kNotYet = UINT32_MAX;

class Grouper {
 public:
  Grouper(const Profile& profile, const ReportOptions& options)
      : profile_(profile), options_(options), by_(options.by), of_frame_(profile.frame_count(), kNotYet) {
    options_.lines = by_ == ReportOptions::By::kLine;
  }

  // The rows that a sample belongs to, leaf first.
  void rows_of(const Sample& sample, std::vector<uint32_t>& rows) {
    rows.clear();
    if (by_ == ReportOptions::By::kThread) {
      rows.push_back(rows_(thread_text(profile_.threads()[sample.thread])));
      return;
    }
    for (StackId stack = sample.stack; stack != 0; stack = profile_.stack(stack).parent) {
      rows.push_back(row_of_frame(profile_.stack(stack).frame));
    }
  }

  const std::vector<std::string>& texts() const { return rows_.keys(); }

 private:
  uint32_t row_of_frame(FrameId id) {
    if (of_frame_[id] == kNotYet) of_frame_[id] = rows_(text_of_frame(profile_.frame(id)));
    return of_frame_[id];
  }

  std::string text_of_frame(const Frame& frame) const {
    if (by_ != ReportOptions::By::kModule) return frame_text(profile_, frame, options_);
    if (frame.module != 0) return clean_frame_text(profile_.string(frame.module));
    std::string_view file = file_name(profile_, frame, options_);
    return file.empty() ? frame_text(profile_, frame, options_) : clean_frame_text(file);
  }

  const Profile& profile_;
  ReportOptions options_;
  ReportOptions::By by_;
  std::vector<uint32_t> of_frame_;
  Numbering<std::string> rows_;
};

}  // namespace

TopTable top_table(const Profile& profile, const Series& series, const ReportOptions& options) {
  View view(profile, options);  // for what the options keep
  Grouper grouper(profile, options);
  TopTable table;
  std::vector<int64_t> self;
  std::vector<int64_t> total;
  std::vector<ShownId> composed;
  std::vector<uint32_t> rows;
  for (const Sample& sample : fold_in_time(series)) {
    if (!view.compose(series.event(), sample, composed)) continue;
    table.weight += sample.weight;
    table.samples += sample.count;
    grouper.rows_of(sample, rows);
    self.resize(grouper.texts().size(), 0);
    total.resize(grouper.texts().size(), 0);
    if (!rows.empty()) self[rows.front()] += sample.weight;
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    for (uint32_t row : rows) total[row] += sample.weight;
  }
  for (size_t i = 0; i < self.size(); ++i) table.rows.push_back({grouper.texts()[i], self[i], total[i]});
  bool by_total = options.sort == ReportOptions::Sort::kTotal;
  auto key = [by_total](const TopRow& row) {
    return by_total ? std::make_pair(-row.total, -row.self) : std::make_pair(-row.self, -row.total);
  };
  std::sort(table.rows.begin(), table.rows.end(), [&](const TopRow& a, const TopRow& b) {
    return key(a) != key(b) ? key(a) < key(b) : a.text < b.text;
  });
  return table;
}

std::string render_text(const Profile& profile, const Series& series, const ReportOptions& options) {
  TopTable table = top_table(profile, series, options);
  Event event = series.event();
  std::string title = options.title.empty() ? default_title(profile, {&series}, options) : options.title;
  std::string out =
      fmt::format("{}\n{} in {} samples over {}\n\n", clean_text(title), weight_text(event, table.weight),
                  grouped(static_cast<int64_t>(table.samples)), weight_text(Event::kWall, profile.duration));
  constexpr std::string_view kNames[] = {"function", "line", "module", "thread"};
  fmt::format_to(std::back_inserter(out), "{:>7} {:>7} {:>10} {:>10}  {}\n", "self", "total", "self", "total",
                 kNames[static_cast<size_t>(options.by)]);
  size_t shown = options.rows == 0 ? table.rows.size() : std::min(options.rows, table.rows.size());
  for (size_t i = 0; i < shown; ++i) {
    const TopRow& row = table.rows[i];
    fmt::format_to(std::back_inserter(out), "{:>6.2f}% {:>6.2f}% {:>10} {:>10}  {}\n",
                   percent(row.self, table.weight), percent(row.total, table.weight),
                   weight_text(event, row.self), weight_text(event, row.total), row.text);
  }
  if (shown < table.rows.size()) out += fmt::format("{:>38}  and {} more\n", "", table.rows.size() - shown);
  return out;
}

}  // namespace rtprof
