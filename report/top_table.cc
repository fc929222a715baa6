#include "report/top_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report/frame_text.h"
#include "report/html.h"
#include "report/numbering.h"
#include "report/text.h"
#include "report/units.h"

namespace rtprof {
namespace {

constexpr uint32_t kNotYet = UINT32_MAX;

using By = ReportOptions::By;

ReportOptions with_lines(const ReportOptions& options) {
  ReportOptions own = options;
  own.lines = options.by == By::kLine || options.by == By::kDefinition;
  return own;
}

TopRow named_row(std::string text, std::string function, std::string place) {
  TopRow row;
  row.text = std::move(text);
  row.function = std::move(function);
  row.place = std::move(place);
  return row;
}

}  // namespace

Reason TopRow::main_reason() const {
  const auto& weights = self != 0 ? self_of : total_of;
  return static_cast<Reason>(std::max_element(weights.begin(), weights.end()) - weights.begin());
}

// Which rows a sample belongs to.
class TopCounter::Rows {
 public:
  Rows(const Profile& profile, const ReportOptions& options)
      : profile_(profile), options_(with_lines(options)) {}

  // Leaf first. Rows that are met for the first time are appended to `all`.
  void of(const Sample& sample, std::vector<uint32_t>& ids, std::vector<TopRow>& all) {
    ids.clear();
    if (options_.by == By::kThread) {
      ids.push_back(row_of_thread(sample.thread, all));
      return;
    }
    if (of_frame_.size() < profile_.frame_count()) of_frame_.resize(profile_.frame_count(), kNotYet);
    for (StackId stack = sample.stack; stack != 0; stack = profile_.stack(stack).parent) {
      uint32_t& id = of_frame_[profile_.stack(stack).frame];
      if (id == kNotYet) id = row(describe(profile_.frame(profile_.stack(stack).frame)), all);
      ids.push_back(id);
    }
  }

 private:
  TopRow describe(Frame frame) const {
    if (options_.by == By::kModule) {
      std::string module = module_of(frame);
      return named_row(module, module, "");
    }
    if (options_.by == By::kDefinition) frame.line = frame.start_line;
    if (options_.by == By::kFunction) frame.line = 0;
    return named_row(frame_text(profile_, frame, options_), function_name(profile_, frame),
                     place_text(profile_, frame, options_));
  }

  std::string module_of(const Frame& frame) const {
    if (frame.module != 0) return clean_frame_text(profile_.string(frame.module));
    std::string_view file = file_name(profile_, frame, options_);
    return file.empty() ? frame_text(profile_, frame, options_) : clean_frame_text(file);
  }

  uint32_t row(TopRow described, std::vector<TopRow>& all) {
    uint32_t id = ids_(described.text);
    if (id == all.size()) all.push_back(std::move(described));
    return id;
  }

  // A thread may get its name after it was met.
  uint32_t row_of_thread(uint32_t thread, std::vector<TopRow>& all) {
    std::string text = thread_text(profile_.threads()[thread]);
    if (of_thread_.size() <= thread) of_thread_.resize(thread + 1, kNotYet);
    uint32_t& id = of_thread_[thread];
    if (id == kNotYet) {
      id = static_cast<uint32_t>(all.size());
      all.emplace_back();
    }
    all[id].text = text;
    all[id].function = std::move(text);
    return id;
  }

  const Profile& profile_;
  ReportOptions options_;
  std::vector<uint32_t> of_frame_;
  std::vector<uint32_t> of_thread_;
  Numbering<std::string> ids_;
};

TopCounter::TopCounter(const Profile& profile, ReportOptions options)
    : options_(std::move(options)),
      view_(profile, options_),
      row_ids_(std::make_unique<Rows>(profile, options_)) {}
TopCounter::~TopCounter() = default;

void TopCounter::add(Event event, const FoldedSamples& samples) {
  std::vector<uint32_t> ids;
  samples.for_each([&](const Sample& sample) {
    if (!view_.keeps(event, sample)) return;
    weight_ += sample.weight;
    samples_ += sample.count;
    row_ids_->of(sample, ids, rows_);
    auto reason = static_cast<size_t>(sample.reason);
    if (!ids.empty()) {
      rows_[ids.front()].self += sample.weight;
      rows_[ids.front()].self_of[reason] += sample.weight;
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (uint32_t id : ids) {
      rows_[id].total += sample.weight;
      rows_[id].total_of[reason] += sample.weight;
    }
  });
}

TopTable top_table(const Profile& profile, const Series& series, const ReportOptions& options) {
  TopCounter counter(profile, options);
  counter.add(series.event(), FoldedSamples(series));
  TopTable table{counter.rows(), counter.weight(), counter.samples()};
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
      fmt::format("{}\n{} in {} {} over {}\n\n", clean_text(title), weight_text(event, table.weight),
                  grouped(static_cast<int64_t>(table.samples)), is_time_event(event) ? "samples" : "objects",
                  weight_text(Event::kWall, profile.duration));
  constexpr std::string_view kNames[] = {"function", "line", "module", "thread", "function"};
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
