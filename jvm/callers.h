#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "jvm/code_blobs.h"
#include "jvm/code_heaps.h"
#include "native/unwinder.h"

namespace rtprof::jvm {

// Who called a frame.
struct Caller {
  Address pc = 0;
  Address sp = 0;
  uint64_t fp = 0;
};

// One step from a frame to its caller, while it is taken.
struct Step {
  native::Cursor& cursor;
  const native::StackMemory& stack;
  std::vector<native::MachineFrame>& leaf_first;

  Address pc() const { return cursor.registers.pc(); }
  Address sp() const { return cursor.registers.sp(); }
  Address fp() const { return cursor.registers.fp(); }
  bool is_leaf() const { return !cursor.is_return_address; }
};

// The rules by which callers are found on a stack. What a rule finds is a caller only where can_be_caller()
// says so. Lives on one thread.
class Callers {
 public:
  // Both outlive this.
  Callers(CodeHeaps& heaps, CodeBlobs& blobs) : heaps_(heaps), blobs_(blobs) {}

  // What HotSpot's call stub is returned to; 0: not known.
  void set_call_stub_return(Address pc) { call_stub_return_ = pc; }

  // Whether there is code at an address that can have called: with a call before it, as far as that can be
  // told.
  bool can_be_caller(Address pc);
  bool is_compiled(Address pc);
  // Whether native code has called the frame.
  bool is_native(const Step& step) const;

  // At known places.
  std::optional<Caller> by_shape(const Step& step, const FrameShape& shape) const;
  std::optional<Caller> by_frame_pointer(const Step& step) const;

  // That of compiled code that is a leaf and has the frame that its instructions say, but for what it may
  // have pushed onto it. What was left on the stack by others can look like a return address: what calls
  // another method is none.
  std::optional<Caller> of_compiled(const Step& step, const CodeBlob& blob, const FrameShape& shape);

  // Guesses; all are callers that can be.
  // That of a leaf which was called a moment ago: the return address is on top, or below the caller's frame
  // pointer.
  std::optional<Caller> on_top(const Step& step);
  // That of a stub that is a leaf.
  std::optional<Caller> of_stub(const Step& step, const CodeBlob& blob);
  std::optional<Caller> in_register(const Step& step, const CodeBlob& blob);

  // Whether what precedes a return address has called compiled code.
  enum class Calls : uint8_t { kNo, kMaybe, kYes };
  Calls calls(Address return_address, const CodeBlob& callee);

  // A caller with its stack pointer as it was before adapters moved arguments.
  Caller with_sender_sp(const Step& step, Caller caller);

 private:
  struct Found {
    std::optional<Caller> sure;
    std::optional<Caller> maybe;
  };
  bool has_frame(const Step& step, const Caller& caller);
  Found beyond_pushed(const Step& step, const CodeBlob& blob, const FrameShape& whole);

  CodeHeaps& heaps_;
  CodeBlobs& blobs_;
  Address call_stub_return_ = 0;
};

bool is_adapter(const CodeBlob& blob);
// "StubRoutines (continuation stubs)", of JDK 21 and newer.
bool is_of_continuations(const CodeBlob& blob);

}  // namespace rtprof::jvm
