#include "native/merged_stacks.h"

namespace rtprof::native {

uint32_t MergedStacks::child(uint32_t callers, RawStack frame, bool unknown) {
  auto [known, is_new] =
      ids_.try_emplace({callers, frame.namer, frame.id}, static_cast<uint32_t>(nodes_.size()));
  if (is_new) {
    std::lock_guard lock(mutex_);
    nodes_.push_back({callers, frame, unknown || nodes_[callers].unknown});
  }
  return known->second;
}

void MergedStacks::name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) {
  std::vector<RawStack> leaf_first;
  {
    std::lock_guard lock(mutex_);
    for (auto id = static_cast<uint32_t>(stack); id != 0; id = nodes_[id].callers)
      leaf_first.push_back(nodes_[id].frame);
  }
  for (auto frame = leaf_first.rbegin(); frame != leaf_first.rend(); ++frame)
    recorder_.namer(frame->namer).name(frame->id, profile, root_first);
}

}  // namespace rtprof::native
