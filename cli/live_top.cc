#include "cli/live_top.h"

#include <algorithm>
#include <tuple>

namespace rtprof::cli {
namespace {

using By = ReportOptions::By;

double share(int64_t part, Nanoseconds of) {
  return of <= 0 ? 0 : static_cast<double>(part) / static_cast<double>(of);
}

// Heaviest first; what is equal by the chosen column, by the others.
auto sort_key(const LiveRow& row, TopSort sort) {
  double first = 0;
  switch (sort) {
    case TopSort::kOwnShare:
      first = row.own_share;
      break;
    case TopSort::kTotalShare:
      first = row.total_share;
      break;
    case TopSort::kOwnTime:
      first = static_cast<double>(row.own);
      break;
    case TopSort::kTotalTime:
      first = static_cast<double>(row.total);
      break;
  }
  return std::make_tuple(-first, -row.own, -row.total);
}

}  // namespace

LiveTop::Table LiveTop::make_table(const Profile& profile, ReportOptions options, By by) {
  options.by = by;
  return {std::make_unique<TopCounter>(profile, std::move(options)), {}};
}

LiveTop::LiveTop(const Profile& profile, Event event, const ReportOptions& options, TimePoint start)
    : event_(event),
      by_definition_(make_table(profile, options, By::kDefinition)),
      by_line_(make_table(profile, options, By::kLine)),
      by_thread_(make_table(profile, options, By::kThread)),
      start_(start),
      updated_(start) {}

void LiveTop::update(const std::vector<Sample>& samples, const std::vector<RunQuality>& quality,
                     TimePoint now) {
  FoldedSamples folded(samples);
  for (Table* table : {&by_definition_, &by_line_, &by_thread_}) {
    const std::vector<TopRow>& rows = table->counter->rows();
    table->before.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) table->before[i] = {rows[i].self, rows[i].total};
    table->counter->add(event_, folded);
  }
  interval_ = now - updated_;
  whole_ = interval_;
  if (!is_time_event(event_)) {
    whole_ = 0;
    for (const Sample& sample : samples) whole_ += sample.weight;
  }
  updated_ = now;

  Totals totals;
  bool lock_known = !quality.empty();
  figures_ = {};
  for (const RunQuality& run : quality) {
    totals.samples += run.samples;
    totals.cpu += run.target_cpu;
    totals.lock_held += run.lock_held.value_or(0);
    lock_known = lock_known && run.lock_held;
    figures_.late += run.late_ticks;
    figures_.lost += run.lost;
    figures_.torn += run.torn;
    figures_.errors += run.errors;
    figures_.unknown += run.unknown_frames;
  }
  figures_.elapsed = now - start_;
  figures_.cpu_share = share(totals.cpu - totals_.cpu, interval_);
  if (lock_known) figures_.lock_share = share(totals.lock_held - totals_.lock_held, interval_);
  figures_.samples_a_second =
      share(static_cast<int64_t>(totals.samples - totals_.samples) * kSecond, interval_);
  totals_ = totals;
}

const LiveTop::Table& LiveTop::table(By by) const {
  if (by == By::kThread) return by_thread_;
  return by == By::kLine ? by_line_ : by_definition_;
}

std::vector<LiveRow> LiveTop::rows(By by, TopSort sort) const {
  const Table& chosen = table(by);
  std::vector<LiveRow> rows;
  const std::vector<TopRow>& counted = chosen.counter->rows();
  for (size_t i = 0; i < counted.size(); ++i) {
    const TopRow& row = counted[i];
    if (row.total == 0) continue;
    Weights before = i < chosen.before.size() ? chosen.before[i] : Weights{};
    rows.push_back({row.function, row.place, share(row.self - before.self, whole_),
                    share(row.total - before.total, whole_), row.self, row.total, row.main_reason()});
  }
  std::stable_sort(rows.begin(), rows.end(), [sort](const LiveRow& a, const LiveRow& b) {
    return sort_key(a, sort) < sort_key(b, sort);
  });
  return rows;
}

}  // namespace rtprof::cli
