#include "native/process_code.h"

#include <algorithm>

#include "common/process/procfs.h"

namespace rtprof::native {
namespace {

constexpr Nanoseconds kMappingsPeriod = kSecond;
constexpr std::string_view kCutBeforeLanguage = "[unknown: truncated stack]";

}  // namespace

ProcessCode::ProcessCode(std::shared_ptr<const Process> process, const SamplingPlan& plan, Recorder& recorder,
                         Workshop& workshop, std::shared_ptr<RuntimeCode> runtime)
    : process_(std::move(process)),
      runtime_(std::move(runtime)),
      native_(plan.native),
      space_(*process_, workshop.binaries),
      deep_stacks_(process_->memory(), [this] { return process_->mappings(); }),
      unwinder_(space_, workshop.unwind_tables, plan.unwind),
      stacks_(std::make_shared<NativeStacks>(process_, workshop.symbolizer, plan.native_lines, runtime_)),
      namer_(recorder.add_namer(stacks_)) {
  if (runtime_) unwinder_.add(*runtime_);
  if (runtime_ && plan.threads) carried_.emplace(process_->pid(), recorder);
  unwinder_.go_on_in(deep_stacks_);
}

ProcessCode::ProcessCode(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                         Workshop& workshop, std::shared_ptr<RuntimeCode> runtime)
    : ProcessCode(std::shared_ptr<const Process>(std::shared_ptr<void>(), &process), plan, recorder, workshop,
                  std::move(runtime)) {}

void ProcessCode::begin_batch(bool told_of_mappings) {
  if (runtime_) runtime_->begin_batch();
  if (told_of_mappings) return;
  TimePoint now = monotonic_now();
  if (now - mappings_checked_ < kMappingsPeriod) return;
  mappings_checked_ = now;
  changed();
}

std::string_view ProcessCode::thread_kind(pid_t tid) {
  auto [known, is_new] = thread_kinds_.try_emplace(tid);
  if (is_new) known->second = runtime_->thread_kind(kernel_thread_name(process_->pid(), tid));
  return known->second;
}

// What stands at the root of `frames_`; empty where they are whole.
std::string_view ProcessCode::root_mark(UnwindEnd end, bool has_language) const {
  bool is_lost = end == UnwindEnd::kBroken || end == UnwindEnd::kNoRule;
  if (is_lost && !runtime_->problem().empty()) return runtime_->problem();
  bool is_cut = end == UnwindEnd::kTruncated || end == UnwindEnd::kTooDeep;
  return is_cut && !has_language ? kCutBeforeLanguage : unwind_end_text(end);
}

RawStack ProcessCode::language_stack(pid_t tid, std::span<const Address> kernel, UnwindEnd end) {
  auto is_language = [this](const MachineFrame& frame) {
    return frame.made != 0 && runtime_->is_language(frame.made);
  };
  auto first = std::find_if(frames_.rbegin(), frames_.rend(), is_language);
  bool has_language = first != frames_.rend();
  std::string_view mark = root_mark(end, has_language);
  if (has_language) frames_.erase(first.base(), frames_.end());
  if (!native_) std::erase_if(frames_, [&](const MachineFrame& frame) { return !is_language(frame); });
  if (has_language) return {namer_, stacks_->intern(space_, kernel, frames_, mark)};
  std::string_view kind = thread_kind(tid);
  // The language may be what was not found, unless the thread is known to run none of it.
  if (kind.empty() && !mark.empty()) return {namer_, stacks_->intern(space_, kernel, frames_, mark)};
  const bool is_unknown = mark.starts_with("[unknown");
  const std::string_view marks[] = {"[native]", kind, native_ || is_unknown ? mark : std::string_view()};
  return {namer_, stacks_->intern(space_, kernel, frames_, marks)};
}

RawStack ProcessCode::stack(pid_t tid, std::span<const Address> kernel, const StackSnapshot& user) {
  UnwindEnd end = unwinder_.unwind(user, frames_);
  if (runtime_) {
    RawStack stack = language_stack(tid, kernel, end);
    auto carried = carried_ ? runtime_->carried_thread(user.attached) : std::nullopt;
    if (carried_) carried_->met(tid, stack.id, carried ? &*carried : nullptr);
    return stack;
  }
  return {namer_, stacks_->intern(space_, kernel, frames_, unwind_end_text(end))};
}

RawStack ProcessCode::stack(std::span<const Address> kernel, std::span<const Address> user) {
  frames_.clear();
  for (Address pc : user) frames_.push_back({.pc = pc, .is_return_address = !frames_.empty()});
  return {namer_, stacks_->intern(space_, kernel, frames_, std::string_view())};
}

RawStack ProcessCode::frame(const MachineFrame& frame) {
  return {namer_, stacks_->intern(space_, {}, {&frame, 1}, std::string_view())};
}

RawStack ProcessCode::marker(std::string_view text) {
  return {namer_, stacks_->marker(text)};
}

}  // namespace rtprof::native
