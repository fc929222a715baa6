#include "common/sampler/type_namer.h"

namespace rtprof {

uint32_t TypeNamer::id(std::string_view type) {
  if (auto known = ids_.find(type); known != ids_.end()) return known->second;
  if (types_.size() >= kMostTypes && type != kOthers) return this->id(kOthers);
  std::lock_guard lock(mutex_);
  auto id = static_cast<uint32_t>(types_.size());
  ids_[types_.emplace_back(type)] = id;
  return id;
}

void TypeNamer::name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) {
  Frame frame;
  frame.kind = FrameKind::kType;
  {
    std::lock_guard lock(mutex_);
    frame.function = profile.intern(shown_(types_[stack]));
  }
  root_first.push_back(profile.intern(frame));
}

}  // namespace rtprof
