#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/process/process.h"
#include "common/process/stack_snapshot.h"
#include "common/sampler/plan.h"
#include "common/sampler/recorder.h"
#include "native/address_space.h"
#include "native/carried_threads.h"
#include "native/deep_stacks.h"
#include "native/runtime_code.h"
#include "native/stack_unwinder.h"
#include "native/stacks.h"
#include "native/workshop.h"

namespace rtprof::native {

// The machine code of one process, as far as samples need it: from a snapshot to the id of a named stack.
// Lives on the thread that samples.
class ProcessCode {
 public:
  // `recorder` and `workshop` outlive this; so does `process` where it is a reference. `runtime`: of a
  // process with code that a runtime makes; its stacks are then those of the runtime's language.
  ProcessCode(const Process& process, const SamplingPlan& plan, Recorder& recorder, Workshop& workshop,
              std::shared_ptr<RuntimeCode> runtime = nullptr);
  ProcessCode(std::shared_ptr<const Process> process, const SamplingPlan& plan, Recorder& recorder,
              Workshop& workshop, std::shared_ptr<RuntimeCode> runtime = nullptr);

  // Of a thread's user space; the kernel's addresses, leaf first, on top of it.
  //
  // Where there is a runtime, the stack begins with the language's first frame, and the machine's frames that
  // it called are shown where they are asked for. A whole one without frames of the language is "[native]" at
  // the root, what the thread is for, and the machine's frames where they are asked for.
  RawStack stack(pid_t tid, std::span<const Address> kernel, const StackSnapshot& user);
  // The same with the callers as somebody else found them, leaf first.
  RawStack stack(std::span<const Address> kernel, std::span<const Address> user);
  // For sources that put stacks together themselves: the frames of a snapshot, leaf first, and the id of a
  // stack of one of them.
  UnwindEnd unwind(const StackSnapshot& user, std::vector<MachineFrame>& leaf_first) {
    return unwinder_.unwind(user, leaf_first);
  }
  // Whose time it is that a thread spends with a stack that stack() gave of it, where threads are told apart:
  // CarriedThreads.
  pid_t owner(pid_t tid, RawStack stack) const { return carried_ ? carried_->owner(tid, stack.id) : tid; }
  RawStack frame(const MachineFrame& frame);
  AddressSpace& space() { return space_; }
  // Whose some of the code is; null when it is nobody's.
  RuntimeCode* runtime() const { return runtime_.get(); }
  // Of one mark, "[unknown: …]".
  RawStack marker(std::string_view text);

  bool unknown(RawStack stack) const { return stacks_->unknown(stack.id); }
  // Mappings may have changed.
  void changed() { space_.changed(); }
  // A thread has a new name, or has ended.
  void thread_changed(pid_t tid) { thread_kinds_.erase(tid); }
  // Before stacks that were taken since the last call. For sources that are not told of mappings: looks at
  // them again now and then; an address where nothing was before is noticed at once.
  void begin_batch(bool told_of_mappings = false);

 private:
  std::string_view root_mark(UnwindEnd end, bool has_language) const;
  RawStack language_stack(pid_t tid, std::span<const Address> kernel, UnwindEnd end);
  std::string_view thread_kind(pid_t tid);

  std::shared_ptr<const Process> process_;
  std::shared_ptr<RuntimeCode> runtime_;
  const bool native_;
  AddressSpace space_;
  DeepStacks deep_stacks_;
  StackUnwinder unwinder_;
  std::shared_ptr<NativeStacks> stacks_;
  std::optional<CarriedThreads> carried_;
  uint32_t namer_;
  std::vector<MachineFrame> frames_;
  TimePoint mappings_checked_ = 0;
  std::unordered_map<pid_t, std::string_view> thread_kinds_;
};

}  // namespace rtprof::native
