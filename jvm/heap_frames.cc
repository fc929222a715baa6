#include "jvm/heap_frames.h"

#include <algorithm>

#include "jvm/interpreted_frame.h"

namespace rtprof::jvm {
namespace {

using native::Cursor;
using native::MachineFrame;
using native::StackMemory;
using native::StepResult;

constexpr int64_t kWord = sizeof(uint64_t);
// No frame of interpreted code has more words: 65,535 locals and as many operands.
constexpr uint64_t kMostWords = 1 << 18;

constexpr std::string_view kEntered = "jdk/internal/vm/Continuation.enterSpecial";
constexpr std::string_view kInHeap = "[unknown: virtual thread's frames in the heap]";

Address words_from(Address from, int64_t words) {
  return from + static_cast<Address>(words) * sizeof(uint64_t);
}

}  // namespace

StepResult HeapFrames::fail(StepResult result, std::string_view problem) {
  problem_ = problem;
  return result;
}

StepResult HeapFrames::enter(Step& step, const std::optional<Place>& caller) {
  if (continuations_ == nullptr) return fail(StepResult::kBroken, kInHeap);
  continuations_->want();
  chunks_ = StackChunks(step.stack.snapshot().attached);
  // Between the barrier and the entry there is nothing but the arguments of who returns to the barrier.
  constexpr Address kMostArguments = 4096;
  bool is_its =
      !chunks_.empty() && chunks_.entry() >= step.sp() && chunks_.entry() - step.sp() <= kMostArguments;
  if (!is_its) return fail(StepResult::kBroken, kInHeap);
  const Chunk& chunk = chunks_.leaf_first().front();
  auto pc = chunk.word(words_from(chunk.sp, -1));
  if (!pc) return fail(StepResult::kBroken, kInHeap);
  Cursor at = step.cursor;
  StepResult result = land(at, chunk, {*pc, words_from(chunk.sp, -2), chunk.sp});
  if (result != StepResult::kStepped) return result;
  if (caller && skip_frozen(at, step, *caller)) return result;
  step.cursor = at;
  return result;
}

// A virtual thread that is about to wait has its frames copied to the heap while they are still on its stack,
// and were met there. Goes to the first frame that was not, if the first one in the heap, where `at` is, is
// that of a place on the stack, and the next ones are those that follow it there.
bool HeapFrames::skip_frozen(const Cursor& at, const Step& step, const Place& place) {
  const Chunk& chunk = chunks_.leaf_first().front();
  // An interpreted frame that waits for a monitor is to go on at another instruction of the interpreter.
  auto is_interpreted = [&](Address pc) {
    const CodeBlob* blob = blobs_.find(pc);
    return blob != nullptr && blob->kind == BlobKind::kInterpreter;
  };
  bool is_that = place.pc == at.registers.pc();
  if (is_interpreted(place.pc) && is_interpreted(at.registers.pc()))
    is_that = chunk.word(words_from(at.registers.fp(), layout_.interpreted_bcp)) == place.bcp;
  if (!is_that) return false;
  StackChunks chunks = chunks_;
  Cursor next = at;
  std::vector<MachineFrame> frozen;
  std::span<const MachineFrame> met = std::span(step.leaf_first).subspan(place.index);
  bool is_same = true;
  while (is_same && frozen.size() < met.size()) {
    // What returns to the barrier has a caller in the heap: a step to the carrier, which appends the frame of
    // the entry, too, is of a record that is wrong.
    is_same = this->step(next, step.stack, frozen) == StepResult::kStepped && holds(next) &&
              frozen.back().made == met[frozen.size() - 1].made;
  }
  if (is_same && frozen.size() == met.size()) {
    step.cursor = next;
    return true;
  }
  chunks_ = std::move(chunks);
  return false;
}

StepResult HeapFrames::skip(Step& step, const CodeBlob& stub) {
  constexpr std::string_view kBroughtBack = "[unknown: virtual thread being brought back]";
  // As much as HotSpot may be about to bring.
  constexpr Address kMostBytes = 1 << 20;
  if (continuations_ != nullptr) continuations_->want();
  chunks_ = StackChunks(step.stack.snapshot().attached);
  Address entry = chunks_.entry();
  bool is_its = continuations_ != nullptr && entry >= step.sp() && entry - step.sp() <= kMostBytes;
  if (!is_its) return fail(StepResult::kBroken, kBroughtBack);
  MachineFrame frame = step.cursor.frame();
  frame.made = frames_.machinery(stub);
  step.leaf_first.push_back(frame);
  StepResult result = to_carrier(step.cursor, step.stack, step.leaf_first);
  if (result != StepResult::kStepped) step.leaf_first.pop_back();
  return result;
}

StepResult HeapFrames::land(Cursor& cursor, const Chunk& chunk, const Return& at) {
  const CodeBlob* blob = callers_.can_be_caller(at.pc) ? blobs_.find(at.pc) : nullptr;
  auto link = chunk.word(at.link);
  if (blob == nullptr || !link) return fail(StepResult::kBroken, kInHeap);
  bool is_relative = blob->kind == BlobKind::kInterpreter;
  cursor.registers.values[Registers::kRip] = at.pc;
  cursor.registers.values[Registers::kRsp] = at.sp;
  cursor.registers.values[Registers::kRbp] =
      is_relative ? words_from(at.link, static_cast<int64_t>(*link)) : *link;
  cursor.known = 1u << Registers::kRip | 1u << Registers::kRsp | 1u << Registers::kRbp;
  cursor.is_return_address = true;
  return StepResult::kStepped;
}

std::optional<HeapFrames::Return> HeapFrames::of_compiled(const Chunk& chunk, Address sp,
                                                          const CodeBlob& blob) const {
  if (blob.frame_bytes < 2 * kWord) return std::nullopt;
  Address end = sp + blob.frame_bytes;
  auto pc = chunk.word(words_from(end, -1));
  return pc ? std::optional(Return{*pc, words_from(end, -2), end}) : std::nullopt;
}

std::optional<HeapFrames::Return> HeapFrames::of_interpreted(const Chunk& chunk, Address fp) const {
  auto pc = chunk.word(words_from(fp, interpreted_frame::kReturnAddress));
  auto locals = chunk.word(words_from(fp, layout_.interpreted_bcp + interpreted_frame::kLocalsFromBcp));
  auto sender_sp = chunk.word(words_from(fp, interpreted_frame::kSenderSp));
  if (!pc || !locals || !sender_sp || *locals > kMostWords || *sender_sp > kMostWords) return std::nullopt;
  Return to{*pc, words_from(fp, interpreted_frame::kCallerFp),
            words_from(fp, static_cast<int64_t>(*sender_sp))};
  bool is_last = words_from(fp, static_cast<int64_t>(*locals) + 1) >= chunk.end;
  if (is_last) to.sp = chunk.end;
  return to;
}

// To the caller of a frame of this chunk: there, in the next chunk, or on the stack.
StepResult HeapFrames::leave(Cursor& cursor, size_t chunk, const Return& to, const StackMemory& stack,
                             std::vector<MachineFrame>& leaf_first) {
  std::span<const Chunk> all = chunks_.leaf_first();
  if (to.sp < all[chunk].end) return land(cursor, all[chunk], to);
  if (chunk + 1 < all.size()) {
    const Chunk& next = all[chunk + 1];
    auto pc = next.word(words_from(next.sp, -1));
    return pc ? land(cursor, next, {*pc, words_from(next.sp, -2), next.sp}) : StepResult::kTruncated;
  }
  if (chunks_.is_cut()) return StepResult::kTruncated;
  return to_carrier(cursor, stack, leaf_first);
}

// From the root frame, which is the virtual thread's own, over the frame in which its carrier has entered it:
// that holds the ContinuationEntry. No return address into it is left.
StepResult HeapFrames::to_carrier(Cursor& cursor, const StackMemory& stack,
                                  std::vector<MachineFrame>& leaf_first) {
  Address end = chunks_.entry() + continuations_->entry_bytes();
  auto fp = stack.word(end);
  auto pc = stack.word(words_from(end, 1));
  if (!fp || !pc) return StepResult::kTruncated;
  if (!callers_.can_be_caller(*pc)) return fail(StepResult::kBroken, "[unknown: carrier of virtual thread]");
  if (entry_frame_ == 0) find_entry_frame();
  if (entry_frame_ != 0) {
    MachineFrame frame = cursor.frame();
    frame.made = entry_frame_;
    leaf_first.push_back(frame);
  }
  cursor.is_return_address = true;
  cursor.registers.values[Registers::kRip] = *pc;
  cursor.registers.values[Registers::kRsp] = words_from(end, 2);
  cursor.registers.values[Registers::kRbp] = *fp;
  cursor.known = 1u << Registers::kRip | 1u << Registers::kRsp | 1u << Registers::kRbp;
  chunks_ = {};
  return StepResult::kStepped;
}

void HeapFrames::find_entry_frame() {
  for (Address address : continuations_->methods()) {
    const JavaMethod* method = frames_.method(address);
    if (method == nullptr || !method->name.starts_with(kEntered)) continue;
    entry_frame_ = frames_.native_method(*method).value_or(0);
  }
}

std::optional<HeapFrames::Return> HeapFrames::interpreted(const Chunk& chunk, const Cursor& cursor,
                                                          std::optional<uint32_t>& made) {
  Address fp = cursor.registers.fp();
  auto method = chunk.word(words_from(fp, interpreted_frame::kMethod));
  auto bcp = chunk.word(words_from(fp, layout_.interpreted_bcp));
  const JavaMethod* java = method ? frames_.method(*method) : nullptr;
  bool is_frame = java != nullptr && bcp && fp > cursor.registers.sp() && fp < chunk.end;
  if (!is_frame) return std::nullopt;
  Address code = java->const_method + layout_.const_method_bytes;
  bool is_in_code = *bcp >= code && *bcp - code < java->code_bytes;
  if (!is_in_code && java->code_bytes != 0) return std::nullopt;
  made = frames_.interpreted(*java, is_in_code ? static_cast<int32_t>(*bcp - code) : -1);
  return of_interpreted(chunk, fp);
}

std::optional<HeapFrames::Return> HeapFrames::compiled(const Chunk& chunk, const Cursor& cursor,
                                                       const CodeBlob& blob, std::optional<uint32_t>& made) {
  Address pc = cursor.registers.pc();
  Address sp = cursor.registers.sp();
  if (blob.is_deopt(pc)) pc = chunk.word(sp + blob.orig_pc_offset).value_or(0);
  if (!blob.contains(pc)) return std::nullopt;
  made = blob.kind == BlobKind::kCompiled ? frames_.compiled(blob, pc, true) : frames_.machinery(blob);
  return of_compiled(chunk, sp, blob);
}

StepResult HeapFrames::step(Cursor& cursor, const StackMemory& stack, std::vector<MachineFrame>& leaf_first) {
  const size_t index = *chunks_.holding(cursor.registers.sp());
  const Chunk& chunk = chunks_.leaf_first()[index];
  const CodeBlob* blob = blobs_.find(cursor.registers.pc());
  if (blob == nullptr) return fail(StepResult::kNoRule, "[unknown: Java code that is gone]");
  std::optional<uint32_t> made;
  auto to = blob->kind == BlobKind::kInterpreter ? interpreted(chunk, cursor, made)
                                                 : compiled(chunk, cursor, *blob, made);
  bool is_cut = chunk.begin() + chunk.bytes.size() < chunk.end;
  if (!to && is_cut) return StepResult::kTruncated;
  if (!to || to->sp <= cursor.registers.sp()) return fail(StepResult::kBroken, kInHeap);
  if (!made) return fail(StepResult::kNoRule, frames_.problem());
  MachineFrame frame = cursor.frame();
  frame.made = *made;
  leaf_first.push_back(frame);
  StepResult result = leave(cursor, index, *to, stack, leaf_first);
  if (result != StepResult::kStepped) leaf_first.pop_back();
  return result;
}

}  // namespace rtprof::jvm
