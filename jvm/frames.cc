#include "jvm/frames.h"

namespace rtprof::jvm {
namespace {

// Where HotSpot's own code is shown to be from.
constexpr std::string_view kModule = "[code cache]";

}  // namespace

uint32_t Frames::intern(std::string_view name) {
  auto known = name_ids_.find(name);
  if (known != name_ids_.end()) return known->second;
  auto id = static_cast<uint32_t>(names_.size());
  std::lock_guard lock(mutex_);
  names_.emplace_back(name);
  name_ids_.emplace(names_.back(), id);
  return id;
}

uint32_t Frames::add(const std::vector<Part>& leaf_first, FrameKind kind) {
  auto [known, is_new] = ids_.try_emplace({kind, leaf_first}, static_cast<uint32_t>(frames_.size()));
  if (!is_new) return known->second;
  std::lock_guard lock(mutex_);
  frames_.push_back({kind, leaf_first});
  return known->second;
}

void Frames::name(uint32_t id, Profile& profile, std::vector<FrameId>& leaf_first) {
  std::lock_guard lock(mutex_);
  const Frame& frame = frames_[id];
  for (const Part& part : frame.parts) {
    rtprof::Frame named{.kind = frame.kind, .function = profile.intern(names_[part.name]), .line = part.line};
    if (frame.kind == FrameKind::kNative) named.module = profile.intern(kModule);
    leaf_first.push_back(profile.intern(named));
  }
}

}  // namespace rtprof::jvm
