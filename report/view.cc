#include "report/view.h"

#include <algorithm>
#include <cmath>

#include "report/frame_text.h"
#include "report/text.h"

namespace rtprof {
namespace {

constexpr ShownId kNotYet = UINT32_MAX;

bool any_matches(const std::vector<std::string>& patterns, std::string_view text, std::string_view function) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return glob_matches(pattern, text) || glob_matches(pattern, function);
  });
}

}  // namespace

View::View(const Profile& profile, const ReportOptions& options) : profile_(profile), options_(options) {}

// A pattern may name the function alone, or all that is displayed.
View::Matches View::match(FrameId frame, std::string_view text) const {
  std::string_view function = text;
  if (frame != kNoFrame) function = profile_.string(profile_.frame(frame).function);
  return {any_matches(options_.include, text, function), any_matches(options_.exclude, text, function)};
}

ShownId View::intern(ShownKind kind, FrameId frame, std::string text) {
  auto [known, is_new] = ids_.try_emplace(std::move(text), static_cast<ShownId>(shown_.size()));
  if (!is_new) return known->second;
  matches_.push_back(match(frame, known->first));
  shown_.push_back({known->first, kind, frame});
  return known->second;
}

ShownId View::shown_of_frame(FrameId id) {
  ShownId& shown = of_frame_[id];
  if (shown == kNotYet) {
    const Frame& frame = profile_.frame(id);
    shown = intern(static_cast<ShownKind>(frame.kind), id, frame_text(profile_, frame, options_));
  }
  return shown;
}

ShownId View::shown_of_process(int32_t pid) {
  auto [shown, is_new] = of_process_.try_emplace(pid, kNotYet);
  if (is_new) shown->second = intern(ShownKind::kProcess, kNoFrame, process_text(profile_, pid));
  return shown->second;
}

ShownId View::shown_of_thread(uint32_t thread) {
  ShownId& shown = of_thread_[thread];
  if (shown == kNotYet) shown = intern(ShownKind::kThread, kNoFrame, thread_text(profile_.threads()[thread]));
  return shown;
}

ShownId View::shown_of_reason(Reason reason) {
  return intern(ShownKind::kReason, kNoFrame, std::string(reason_name(reason)));
}

bool View::matches(std::span<const ShownId> frames) const {
  auto included = [this](ShownId id) { return matches_[id].include; };
  auto excluded = [this](ShownId id) { return matches_[id].exclude; };
  if (!options_.include.empty() && std::none_of(frames.begin(), frames.end(), included)) return false;
  return options_.exclude.empty() || std::none_of(frames.begin(), frames.end(), excluded);
}

void View::append_origin(Event event, const Sample& sample, std::vector<ShownId>& frames) {
  if (of_thread_.size() < profile_.threads().size()) of_thread_.resize(profile_.threads().size(), kNotYet);
  if (options_.processes) frames.push_back(shown_of_process(profile_.threads()[sample.thread].pid));
  if (options_.threads) frames.push_back(shown_of_thread(sample.thread));
  bool waits = event == Event::kWall || event == Event::kOffCpu;
  if (options_.reasons && waits && sample.reason != Reason::kNone) {
    frames.push_back(shown_of_reason(sample.reason));
  }
}

void View::append_stack(StackId stack, std::vector<ShownId>& frames) {
  if (of_frame_.size() < profile_.frame_count()) of_frame_.resize(profile_.frame_count(), kNotYet);
  auto root = static_cast<ptrdiff_t>(frames.size());
  if (stack == 0) frames.push_back(intern(ShownKind::kUnknown, kNoFrame, "[unknown: empty stack]"));
  for (; stack != 0; stack = profile_.stack(stack).parent) {
    frames.push_back(shown_of_frame(profile_.stack(stack).frame));
  }
  if (!options_.reverse) std::reverse(frames.begin() + root, frames.end());
}

bool View::compose(Event event, const Sample& sample, std::vector<ShownId>& frames) {
  frames.clear();
  if (options_.pid && *options_.pid != profile_.threads()[sample.thread].pid) return false;
  append_origin(event, sample, frames);
  append_stack(sample.stack, frames);
  return matches(frames);
}

bool View::keeps(Event event, const Sample& sample) {
  if (options_.include.empty() && options_.exclude.empty()) {
    return !options_.pid || *options_.pid == profile_.threads()[sample.thread].pid;
  }
  return compose(event, sample, composed_);
}

bool weighs_periods(const Profile& profile, Event event, const ReportOptions& options) {
  return !options.total && profile.rate > 0 && (event == Event::kCpu || event == Event::kWall);
}

UnitRounder::UnitRounder(const Profile& profile, Event event, const ReportOptions& options)
    : per_weight_(weighs_periods(profile, event, options) ? profile.rate / 1e9 : 0) {}

int64_t UnitRounder::units(int64_t weight) {
  if (per_weight_ == 0) return weight;
  double exact = static_cast<double>(weight) * per_weight_ + carried_;
  double whole = std::floor(exact);
  carried_ = exact - whole;
  return static_cast<int64_t>(whole);
}

}  // namespace rtprof
