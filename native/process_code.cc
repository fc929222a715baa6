#include "native/process_code.h"

namespace rtprof::native {
namespace {

constexpr Nanoseconds kMappingsPeriod = kSecond;

}  // namespace

ProcessCode::ProcessCode(std::shared_ptr<const Process> process, const SamplingPlan& plan, Recorder& recorder,
                         Workshop& workshop)
    : process_(std::move(process)),
      space_(*process_, workshop.binaries),
      deep_stacks_(process_->memory(), [this] { return process_->mappings(); }),
      unwinder_(space_, workshop.unwind_tables, plan.unwind),
      stacks_(std::make_shared<NativeStacks>(process_, workshop.symbolizer, plan.native_lines)),
      namer_(recorder.add_namer(stacks_)) {
  unwinder_.go_on_in(deep_stacks_);
}

ProcessCode::ProcessCode(const Process& process, const SamplingPlan& plan, Recorder& recorder,
                         Workshop& workshop)
    : ProcessCode(std::shared_ptr<const Process>(std::shared_ptr<void>(), &process), plan, recorder,
                  workshop) {}

void ProcessCode::begin_batch() {
  TimePoint now = monotonic_now();
  if (now - mappings_checked_ < kMappingsPeriod) return;
  mappings_checked_ = now;
  changed();
}

RawStack ProcessCode::stack(std::span<const Address> kernel, const StackSnapshot& user) {
  UnwindEnd end = unwinder_.unwind(user, frames_);
  return {namer_, stacks_->intern(space_, kernel, frames_, unwind_end_text(end))};
}

RawStack ProcessCode::stack(std::span<const Address> kernel, std::span<const Address> user) {
  frames_.clear();
  for (Address pc : user) frames_.push_back({.pc = pc, .is_return_address = !frames_.empty()});
  return {namer_, stacks_->intern(space_, kernel, frames_, {})};
}

RawStack ProcessCode::frame(const MachineFrame& frame) {
  return {namer_, stacks_->intern(space_, {}, {&frame, 1}, {})};
}

RawStack ProcessCode::marker(std::string_view text) {
  return {namer_, stacks_->marker(text)};
}

}  // namespace rtprof::native
