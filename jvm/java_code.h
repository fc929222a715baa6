#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/process/memory.h"
#include "jvm/callers.h"
#include "jvm/code_blobs.h"
#include "jvm/code_heaps.h"
#include "jvm/continuations.h"
#include "jvm/heap_frames.h"
#include "jvm/java_frames.h"
#include "jvm/layout.h"
#include "native/runtime_code.h"

namespace rtprof::jvm {

// The code cache of one JVM: steps through interpreted and compiled frames and through HotSpot's stubs, and
// names for them. A stack is complete at the frame through which native code first called Java; what is
// rootward of it is native.
//
// Where a caller is found by a rule, it is checked that it can be one: that there is code, that a call
// precedes it, that an interpreted frame has a method.
class JavaCode final : public native::RuntimeCode {
 public:
  // `memory` outlives this. `continuations`: null where there are no virtual threads.
  JavaCode(const Memory& memory, const Layout& layout, const FrameDetail& detail,
           std::shared_ptr<Continuations> continuations = nullptr);

  native::StepResult step(native::Cursor& cursor, const native::StackMemory& stack,
                          std::vector<native::MachineFrame>& leaf_first) override;
  void begin_batch() override;
  std::vector<uint8_t> beside_stack(pid_t tid) override { return heap_frames_.read(tid); }
  std::optional<native::CarriedThread> carried_thread(std::span<const uint8_t> attached) override {
    return jvm::carried_thread(attached);
  }
  bool is_language(uint32_t made) const override { return frames_.is_java(made); }
  std::string_view problem() const override { return problem_; }
  std::string_view thread_kind(std::string_view name) const override;
  void name(uint32_t made, Profile& profile, std::vector<FrameId>& leaf_first) override {
    frames_.name(made, profile, leaf_first);
  }

 private:
  using StepResult = native::StepResult;

  void note_caller(const Step& step, const CodeBlob& blob);
  StepResult compiled(Step& step, const CodeBlob& blob);
  StepResult interpreted(Step& step, const CodeBlob& blob);
  StepResult call_stub(Step& step, const CodeBlob& blob);
  StepResult stub(Step& step, const CodeBlob& blob);

  StepResult go(Step& step, uint32_t frame, const Caller& caller);
  StepResult fail(StepResult result, std::string_view problem);
  // A caller is beyond the stack bytes that were taken, or there is none.
  StepResult no_caller(const Step& step, Address place);

  std::optional<int32_t> bytecode_index(const Step& step, const JavaMethod& method) const;
  std::optional<int32_t> index_in(const JavaMethod& method, Address bcp) const;
  bool runs_bytecode(const Step& step, const JavaMethod& method) const;

  const Memory& memory_;
  const Layout layout_;
  CodeHeaps heaps_;
  CodeBlobs blobs_;
  Callers callers_;
  JavaFrames frames_;
  HeapFrames heap_frames_;
  std::optional<HeapFrames::Place> caller_;  // as of HeapFrames::enter()
  bool is_caller_next_ = false;
  Address call_stub_return_ = 0;
  std::string_view problem_;
};

}  // namespace rtprof::jvm
