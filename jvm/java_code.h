#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/process/memory.h"
#include "jvm/code_blobs.h"
#include "jvm/code_heaps.h"
#include "jvm/frames.h"
#include "jvm/layout.h"
#include "jvm/methods.h"
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
  // `memory` outlives this. `lines`: frames tell their lines.
  JavaCode(const Memory& memory, const Layout& layout, bool lines);

  native::StepResult step(native::Cursor& cursor, const native::StackMemory& stack,
                          std::vector<native::MachineFrame>& leaf_first) override;
  void begin_batch() override;
  bool is_language(uint32_t made) const override { return frames_.is_java(made); }
  std::string_view problem() const override { return problem_; }
  std::string_view thread_kind(std::string_view name) const override;
  void name(uint32_t made, Profile& profile, std::vector<FrameId>& leaf_first) override {
    frames_.name(made, profile, leaf_first);
  }

 private:
  using StepResult = native::StepResult;

  // Who called a frame.
  struct Caller {
    Address pc = 0;
    Address sp = 0;
    uint64_t fp = 0;
  };
  // One step, while it is taken.
  struct Step {
    native::Cursor& cursor;
    const native::StackMemory& stack;
    std::vector<native::MachineFrame>& leaf_first;

    Address pc() const { return cursor.registers.pc(); }
    Address sp() const { return cursor.registers.sp(); }
    bool is_leaf() const { return !cursor.is_return_address; }
  };

  StepResult compiled(Step& step, const CodeBlob& blob);
  StepResult interpreted(Step& step, const CodeBlob& blob);
  StepResult call_stub(Step& step, const CodeBlob& blob);
  StepResult stub(Step& step, const CodeBlob& blob);

  std::optional<Caller> caller_by_shape(const Step& step, const FrameShape& shape) const;
  std::optional<Caller> caller_by_frame_pointer(const Step& step) const;
  // That of a leaf that has pushed some words onto its frame.
  std::optional<Caller> caller_beyond_pushed(const Step& step, const FrameShape& whole);
  std::optional<Caller> caller_on_top(const Step& step);
  std::optional<Caller> caller_of_stub(const Step& step);
  // The caller with its stack pointer as it was before adapters moved arguments.
  Caller with_sender_sp(const Step& step, Caller caller);
  std::optional<Caller> caller_in_register(const Step& step, const CodeBlob& blob);
  bool can_be_caller(Address pc);
  bool is_compiled(Address pc);
  bool is_called_by_native(const Step& step) const;
  StepResult go(Step& step, uint32_t frame, const Caller& caller);
  StepResult fail(StepResult result, std::string_view problem);
  // A caller is beyond the stack bytes that were taken, or there is none.
  StepResult no_caller(const Step& step, Address place);

  std::optional<int32_t> bytecode_index(const Step& step, const JavaMethod& method) const;
  std::optional<int32_t> index_in(const JavaMethod& method, Address bcp) const;
  bool runs_bytecode(const Step& step, const JavaMethod& method) const;
  std::optional<uint32_t> compiled_frame(const CodeBlob& blob, Address pc, bool is_return_address);
  uint32_t machinery_frame(const CodeBlob& blob);
  Frames::Part part_of(const JavaMethod& method, int32_t bci);

  const Memory& memory_;
  const Layout layout_;
  const bool lines_;
  CodeHeaps heaps_;
  CodeBlobs blobs_;
  Methods methods_;
  Frames frames_;
  Address call_stub_return_ = 0;
  std::string_view problem_;
  // By the blob's version and twice the pc, plus one for a return address.
  std::map<std::pair<uint32_t, uint64_t>, uint32_t> compiled_frames_;
};

}  // namespace rtprof::jvm
