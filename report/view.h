#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/profile/profile.h"
#include "report/options.h"

namespace rtprof {

// The kind of a displayed frame: those of FrameKind in its order, then what a view puts above a stack.
enum class ShownKind : uint8_t {
  kPython,
  kJava,
  kGo,
  kNative,
  kKernel,
  kType,
  kUnknown,
  kProcess,
  kThread,
  kReason,
};

// Index into a View's displayed frames. Frames of the same text are one.
using ShownId = uint32_t;

constexpr FrameId kNoFrame = UINT32_MAX;

struct ShownFrame {
  std::string text;
  ShownKind kind = ShownKind::kUnknown;
  FrameId frame = kNoFrame;  // one of those that look like this; none for what a view puts above a stack
};

// What a profile looks like with given options: turns a sample into the frames that are displayed, in the
// order process, thread, reason, stack; root first. Both the profile and the options must outlive it; the
// profile may grow between calls.
class View {
 public:
  View(const Profile& profile, const ReportOptions& options);

  // Whether the options keep a sample.
  bool keeps(Event event, const Sample& sample);

  // The displayed frames of a sample into `frames`, at least one; false when the options leave the sample
  // out.
  bool compose(Event event, const Sample& sample, std::vector<ShownId>& frames);
  // The same in two parts, appended: what is above the stack, and the stack.
  void append_origin(Event event, const Sample& sample, std::vector<ShownId>& frames);
  void append_stack(StackId stack, std::vector<ShownId>& frames);

  const ShownFrame& shown(ShownId id) const { return shown_[id]; }
  size_t shown_count() const { return shown_.size(); }
  const Profile& profile() const { return profile_; }
  const ReportOptions& options() const { return options_; }

 private:
  struct Matches {
    bool include;
    bool exclude;
  };

  ShownId intern(ShownKind kind, FrameId frame, std::string text);
  ShownId shown_of_frame(FrameId frame);
  ShownId shown_of_process(int32_t pid);
  ShownId shown_of_thread(uint32_t thread);
  ShownId shown_of_reason(Reason reason);
  Matches match(FrameId frame, std::string_view text) const;
  bool matches(std::span<const ShownId> frames) const;

  const Profile& profile_;
  const ReportOptions& options_;
  std::vector<ShownFrame> shown_;
  std::vector<Matches> matches_;  // by ShownId
  std::unordered_map<std::string, ShownId> ids_;
  std::vector<ShownId> of_frame_;   // by FrameId; kNotYet until asked for
  std::vector<ShownId> of_thread_;  // by thread index
  std::unordered_map<int32_t, ShownId> of_process_;
  std::vector<ShownId> composed_;  // by keeps(); here to be allocated once
};

// Where weights of an event are sampling periods in collapsed stacks and pictures: time × rate.
bool weighs_periods(const Profile& profile, Event event, const ReportOptions& options);

// Turns exact weights into whole units that add up. The remainder of each is carried to the next, as a
// sampler with that period would: when the stacks come in the order of their frames, every subtree is right
// within one unit, however small its stacks are.
class UnitRounder {
 public:
  // Units are nanoseconds or bytes as they are, or sampling periods.
  UnitRounder(const Profile& profile, Event event, const ReportOptions& options);
  int64_t units(int64_t weight);

 private:
  double per_weight_;
  double carried_ = 0.5;
};

}  // namespace rtprof
