#include "kernel/kernel_stacks.h"

namespace rtprof::kernel {

void KernelStacks::prepare() {
  if (!symbols_) symbols_ = read_symbols_();
}

void KernelStacks::add(uint64_t hash, std::span<const uint64_t> leaf_first) {
  if (ids_.contains(hash)) return;
  prepare();
  Stack stack;
  std::vector<std::string_view> names;
  for (uint64_t address : leaf_first) {
    if (symbols_->of_scheduler(address - 1)) continue;
    // The call is in the byte before what it returns to.
    stack.leaf_first.push_back(symbols_->find(address - 1).value_or(KernelSymbols::Found{}));
    names.push_back(stack.leaf_first.back().name);
  }
  stack.waits = waits_of_functions(names);
  std::lock_guard lock(mutex_);
  ids_.emplace(hash, static_cast<uint32_t>(stacks_.size()));
  stacks_.push_back(std::move(stack));
}

std::optional<uint32_t> KernelStacks::find(uint64_t hash) const {
  auto id = ids_.find(hash);
  return id == ids_.end() ? std::nullopt : std::optional(id->second);
}

void KernelStacks::name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) {
  std::lock_guard lock(mutex_);
  const auto& leaf_first = stacks_[stack].leaf_first;
  for (auto found = leaf_first.rbegin(); found != leaf_first.rend(); ++found) {
    Frame frame;
    frame.kind = FrameKind::kKernel;
    frame.function = profile.intern(found->name);
    frame.module = profile.intern(found->module.empty() ? "kernel" : found->module);
    FrameId id = profile.intern(frame);
    // A frame without a name says no more however often it is repeated.
    if (!found->name.empty() || root_first.empty() || root_first.back() != id) root_first.push_back(id);
  }
}

}  // namespace rtprof::kernel
