#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "jvm/callers.h"
#include "jvm/code_blobs.h"
#include "jvm/continuations.h"
#include "jvm/java_frames.h"
#include "jvm/stack_chunks.h"
#include "native/unwinder.h"

namespace rtprof::jvm {

// Steps through the frames of a virtual thread that are in the heap, between the last of its frames that is
// on the stack, which returns to the "return barrier", and the frame from which its carrier has entered it.
//
// They come with the snapshot, copied at the same instant or while the thread is held or sleeps. Read any
// later they may be of the virtual thread that the carrier has gone on with.
class HeapFrames {
 public:
  // All references outlive this. `continuations`: null where there are no virtual threads.
  HeapFrames(const Layout& layout, CodeBlobs& blobs, Callers& callers, JavaFrames& frames,
             std::shared_ptr<Continuations> continuations)
      : layout_(layout),
        blobs_(blobs),
        callers_(callers),
        frames_(frames),
        continuations_(std::move(continuations)) {}

  // An rt_chunk_record of a thread that does not run, for StackSnapshot::attached.
  std::vector<uint8_t> read(pid_t tid) {
    return continuations_ ? continuations_->read(tid) : std::vector<uint8_t>();
  }

  // Before stacks that were taken since the last call.
  void begin_batch(TimePoint now) {
    if (continuations_) continuations_->begin_batch(now);
  }
  // Before the first step of a stack.
  void begin() { chunks_ = {}; }
  // A frame on the stack.
  struct Place {
    Address pc = 0;
    Address bcp = 0;   // where an interpreted frame has its bytecode pointer
    size_t index = 0;  // of the first frame that its step has appended
  };
  // From the return barrier to the first frame in the heap. `caller`: the first Java method of the stack,
  // where it has called native code or a piece of HotSpot.
  native::StepResult enter(Step& step, const std::optional<Place>& caller);
  // From a continuation stub that is a leaf or has called native code: HotSpot brings frames back to the
  // stack, or is about to, and none of the virtual thread's is there. To the carrier.
  native::StepResult skip(Step& step, const CodeBlob& stub);
  // Whether the cursor is at one of them.
  bool holds(const native::Cursor& cursor) const {
    return chunks_.holding(cursor.registers.sp()).has_value();
  }
  native::StepResult step(native::Cursor& cursor, const native::StackMemory& stack,
                          std::vector<native::MachineFrame>& leaf_first);
  // Why a step has failed.
  std::string_view problem() const { return problem_; }

 private:
  using Chunk = StackChunks::Chunk;
  using StepResult = native::StepResult;

  // The caller of a frame: its pc, where its callee has kept its frame pointer, and its stack pointer.
  struct Return {
    Address pc = 0;
    Address link = 0;
    Address sp = 0;
  };
  std::optional<Return> of_compiled(const Chunk& chunk, Address sp, const CodeBlob& blob) const;
  std::optional<Return> of_interpreted(const Chunk& chunk, Address fp) const;
  StepResult leave(native::Cursor& cursor, size_t chunk, const Return& to, const native::StackMemory& stack,
                   std::vector<native::MachineFrame>& leaf_first);
  StepResult to_carrier(native::Cursor& cursor, const native::StackMemory& stack,
                        std::vector<native::MachineFrame>& leaf_first);
  void find_entry_frame();
  StepResult land(native::Cursor& cursor, const Chunk& chunk, const Return& at);
  bool skip_frozen(const native::Cursor& at, const Step& step, const Place& place);
  std::optional<Return> interpreted(const Chunk& chunk, const native::Cursor& cursor,
                                    std::optional<uint32_t>& made);
  std::optional<Return> compiled(const Chunk& chunk, const native::Cursor& cursor, const CodeBlob& blob,
                                 std::optional<uint32_t>& made);
  StepResult fail(StepResult result, std::string_view problem);

  const Layout& layout_;
  CodeBlobs& blobs_;
  Callers& callers_;
  JavaFrames& frames_;
  std::shared_ptr<Continuations> continuations_;
  StackChunks chunks_;
  uint32_t entry_frame_ = 0;  // once it is known
  std::string_view problem_;
};

}  // namespace rtprof::jvm
