#include "common/sampler/type_namer.h"

namespace rtprof {

uint32_t TypeNamer::id(std::string_view type, std::string_view note) {
  key_.assign(type);
  key_ += '\0';
  key_ += note;
  if (auto known = ids_.find(key_); known != ids_.end()) return known->second;
  if (types_.size() >= kMostTypes && type != kOthers) return this->id(kOthers);
  std::lock_guard lock(mutex_);
  auto id = static_cast<uint32_t>(types_.size());
  ids_[types_.emplace_back(key_)] = id;
  return id;
}

void TypeNamer::name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) {
  std::unique_lock lock(mutex_);
  std::string_view type = types_[stack];
  lock.unlock();
  std::string_view note = type.substr(type.rfind('\0') + 1);
  type.remove_suffix(note.size() + 1);
  Frame frame;
  frame.kind = FrameKind::kType;
  frame.function = profile.intern(shown_(type));
  root_first.push_back(profile.intern(frame));
  if (note.empty()) return;
  frame.kind = FrameKind::kUnknown;
  frame.function = profile.intern(note);
  root_first.push_back(profile.intern(frame));
}

}  // namespace rtprof
