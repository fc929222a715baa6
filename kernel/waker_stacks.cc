#include "kernel/waker_stacks.h"

#include <algorithm>
#include <string_view>

namespace rtprof::kernel {
namespace {

FrameId mark(Profile& profile, std::string_view text) {
  Frame frame;
  frame.function = profile.intern(text);
  return profile.intern(frame);
}

// Entry points of interrupts: arch/x86/entry/entry_64.S, arch/x86/include/asm/idtentry.h,
// arch/x86/entry/entry_fred.c (Linux 6.18).
bool is_interrupt(std::string_view function) {
  return function.starts_with("asm_sysvec_") || function == "asm_common_interrupt" ||
         function.starts_with("common_interrupt") || function.starts_with("fred_extint") ||
         function.starts_with("fred_sysvec_");
}

}  // namespace

uint32_t WakerStacks::intern(std::optional<RawStack> kernel, std::optional<RawStack> user,
                             const std::string& command) {
  auto part = [](const std::optional<RawStack>& stack) {
    return stack ? std::optional(Part{stack->namer, stack->id}) : std::nullopt;
  };
  Waker waker{part(kernel), part(user), command};
  auto [known, is_new] = ids_.try_emplace(waker, static_cast<uint32_t>(wakers_.size()));
  if (is_new) {
    std::lock_guard lock(mutex_);
    wakers_.push_back(std::move(waker));
  }
  return known->second;
}

void WakerStacks::append(const std::optional<Part>& part, Profile& profile,
                         std::vector<FrameId>& frames) const {
  if (!part) return;
  std::vector<FrameId> root_first;
  recorder_.namer(part->first).name(part->second, profile, root_first);
  frames.insert(frames.end(), root_first.rbegin(), root_first.rend());
}

void WakerStacks::name(uint64_t stack, Profile& profile, std::vector<FrameId>& root_first) {
  Waker waker;
  {
    std::lock_guard lock(mutex_);
    waker = wakers_[stack];
  }
  root_first.push_back(mark(profile, "--"));
  std::vector<FrameId> kernel;
  append(waker.kernel, profile, kernel);
  auto name_of = [&](FrameId id) { return profile.string(profile.frame(id).function); };
  if (!kernel.empty() &&
      std::all_of(kernel.begin(), kernel.end(), [&](FrameId id) { return name_of(id).empty(); })) {
    root_first.push_back(mark(profile, "[unknown: kernel symbols hidden]"));
    return;
  }
  // Leafward of it is the program that took the stack.
  auto waking =
      std::find_if(kernel.begin(), kernel.end(), [&](FrameId id) { return name_of(id) == "try_to_wake_up"; });
  if (waking != kernel.end()) kernel.erase(kernel.begin(), waking);
  auto interrupt =
      std::find_if(kernel.begin(), kernel.end(), [&](FrameId id) { return is_interrupt(name_of(id)); });
  bool is_thread = interrupt == kernel.end();
  if (kernel_frames_)
    root_first.insert(root_first.end(), kernel.begin(), is_thread ? kernel.end() : interrupt + 1);
  if (is_thread) append(waker.user, profile, root_first);
  root_first.push_back(mark(profile, is_thread ? waker.command : "[interrupt]"));
}

}  // namespace rtprof::kernel
