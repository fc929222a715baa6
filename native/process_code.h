#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/process/process.h"
#include "common/process/stack_snapshot.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "native/address_space.h"
#include "native/deep_stacks.h"
#include "native/stack_unwinder.h"
#include "native/stacks.h"
#include "native/workshop.h"

namespace rtprof::native {

// The machine code of one process, as far as samples need it: from a snapshot to the id of a named stack.
// Lives on the thread that samples.
class ProcessCode {
 public:
  // `recorder` and `workshop` outlive this; so does `process` where it is a reference.
  ProcessCode(const Process& process, const SamplingPlan& plan, Recorder& recorder, Workshop& workshop);
  ProcessCode(std::shared_ptr<const Process> process, const SamplingPlan& plan, Recorder& recorder,
              Workshop& workshop);

  // Of a thread's user space; the kernel's addresses, leaf first, on top of it.
  RawStack stack(std::span<const Address> kernel, const StackSnapshot& user);
  // The same with the callers as somebody else found them, leaf first.
  RawStack stack(std::span<const Address> kernel, std::span<const Address> user);
  // For sources that put stacks together themselves: the frames of a snapshot, leaf first, and the id of a
  // stack of one of them.
  UnwindEnd unwind(const StackSnapshot& user, std::vector<MachineFrame>& leaf_first) {
    return unwinder_.unwind(user, leaf_first);
  }
  RawStack frame(const MachineFrame& frame);
  AddressSpace& space() { return space_; }
  // Of one mark, "[unknown: …]".
  RawStack marker(std::string_view text);

  bool unknown(RawStack stack) const { return stacks_->unknown(stack.id); }
  // Mappings may have changed.
  void changed() { space_.changed(); }
  // For sources that are not told: looks at the mappings again now and then. An address where nothing was
  // before is noticed at once.
  void begin_batch();

 private:
  std::shared_ptr<const Process> process_;
  AddressSpace space_;
  DeepStacks deep_stacks_;
  StackUnwinder unwinder_;
  std::shared_ptr<NativeStacks> stacks_;
  uint32_t namer_;
  std::vector<MachineFrame> frames_;
  TimePoint mappings_checked_ = 0;
};

}  // namespace rtprof::native
