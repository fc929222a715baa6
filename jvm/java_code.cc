#include "jvm/java_code.h"

#include <algorithm>

#include "jvm/interpreted_frame.h"
#include "jvm/thread_kinds.h"

namespace rtprof::jvm {
namespace {

using native::Cursor;
using native::MachineFrame;
using native::StackMemory;
using native::StepResult;

constexpr uint64_t kWord = sizeof(uint64_t);
// Further apart frame pointer and stack pointer are not: stacks are 1 MiB by default, some have 1 GiB.
constexpr uint64_t kLargestFrame = 1 << 20;

constexpr Address kCookie = ~Address{0};
// The frame of the call stub (StubGenerator::generate_call_stub, stubGenerator_x86_64.cpp, Linux).
constexpr int kCallWrapper = -6;
constexpr std::pair<uint8_t, int> kSavedByCallStub[] = {{3, -7}, {12, -8}, {13, -9}, {14, -10}, {15, -11}};

// Stubs whose return address follows no call. What a poll has called by way of a signal returns to the
// instruction that polls ("SafepointBlob", newer JDKs name it otherwise); what handles an exception of C1's
// code has the place that threw for one (C1_Runtime1, generate_handle_exception).
bool returns_anywhere(const CodeBlob& blob) {
  auto has_name = [&](std::string_view part) { return blob.name.find(part) != std::string::npos; };
  return blob.kind == BlobKind::kStub && (has_name("afepoint") || has_name("handle_exception"));
}

// C1's, of which the name differs by the JDK.
bool is_unwinding(const CodeBlob& blob) {
  return blob.frame_bytes == 0 && blob.name.find("unwind_exception") != std::string::npos;
}

Address word_at(Address fp, int words) {
  return fp + static_cast<int64_t>(words) * static_cast<int64_t>(kWord);
}

}  // namespace

JavaCode::JavaCode(const Memory& memory, const Layout& layout, const FrameDetail& detail,
                   std::shared_ptr<Continuations> continuations)
    : memory_(memory),
      layout_(layout),
      heaps_(memory_, layout_),
      blobs_(memory_, layout_, heaps_),
      callers_(heaps_, blobs_),
      frames_(memory_, layout_, detail),
      heap_frames_(layout_, blobs_, callers_, frames_, std::move(continuations)) {
  heaps_.refresh();
}

void JavaCode::begin_batch() {
  TimePoint now = monotonic_now();
  auto call_stub_return = memory_.pointer(layout_.call_stub_return);
  bool readable = call_stub_return.has_value();
  if (readable) {
    call_stub_return_ = *call_stub_return;
    callers_.set_call_stub_return(call_stub_return_);
  }
  heaps_.begin_batch(now);
  blobs_.begin_batch(readable, now);
  frames_.begin_batch(readable, now);
  if (readable) heap_frames_.begin_batch(now);
}

std::string_view JavaCode::thread_kind(std::string_view name) const {
  return kind_of_thread(name);
}

StepResult JavaCode::fail(StepResult result, std::string_view problem) {
  problem_ = problem;
  return result;
}

StepResult JavaCode::no_caller(const Step& step, Address place) {
  bool is_beyond = place >= step.sp() && place - step.sp() <= kLargestFrame && !step.stack.word(place);
  return is_beyond ? StepResult::kTruncated : fail(StepResult::kBroken, "[unknown: caller of Java frame]");
}

StepResult JavaCode::step(Cursor& cursor, const StackMemory& stack, std::vector<MachineFrame>& leaf_first) {
  problem_ = {};
  if (leaf_first.empty()) {
    heap_frames_.begin();
    caller_.reset();
    is_caller_next_ = false;
  }
  if (!heaps_.contains(cursor.registers.pc())) return StepResult::kNotMine;
  if (heap_frames_.holds(cursor)) {
    StepResult result = heap_frames_.step(cursor, stack, leaf_first);
    return result == StepResult::kStepped ? result : fail(result, heap_frames_.problem());
  }
  Step step{cursor, stack, leaf_first};
  const CodeBlob* blob = blobs_.find(step.pc());
  if (blob == nullptr) return fail(StepResult::kNoRule, "[unknown: Java code that is gone]");
  note_caller(step, *blob);
  if (step.pc() == call_stub_return_) return call_stub(step, *blob);
  switch (blob->kind) {
    case BlobKind::kCompiled:
      return compiled(step, *blob);
    case BlobKind::kInterpreter:
      return interpreted(step, *blob);
    case BlobKind::kStub:
    case BlobKind::kBuffer:
      return stub(step, *blob);
  }
  return StepResult::kNoRule;
}

// Frames are frozen from the first Java method on that has called native code or a piece of HotSpot.
void JavaCode::note_caller(const Step& step, const CodeBlob& blob) {
  bool is_method =
      blob.kind == BlobKind::kInterpreter || (blob.kind == BlobKind::kCompiled && blob.level != 0);
  bool is_after_native = !step.leaf_first.empty() && step.leaf_first.back().made == 0;
  if (is_after_native || (step.is_leaf() && !is_method)) {
    caller_.reset();
    is_caller_next_ = true;
  }
  if (!is_caller_next_ || !is_method) return;
  is_caller_next_ = false;
  Address bcp = step.stack.word(word_at(step.fp(), layout_.interpreted_bcp)).value_or(0);
  caller_ = {step.pc(), bcp, step.leaf_first.size()};
}

StepResult JavaCode::go(Step& step, uint32_t frame, const Caller& caller) {
  if (caller.sp < step.sp()) return fail(StepResult::kBroken, "[unknown: caller of Java frame]");
  MachineFrame appended = step.cursor.frame();
  appended.made = frame;
  step.leaf_first.push_back(appended);
  Cursor& cursor = step.cursor;
  cursor.registers.values[Registers::kRip] = caller.pc;
  cursor.registers.values[Registers::kRsp] = caller.sp;
  cursor.registers.values[Registers::kRbp] = caller.fp;
  cursor.known = 1u << Registers::kRip | 1u << Registers::kRsp | 1u << Registers::kRbp;
  cursor.is_return_address = true;
  return StepResult::kStepped;
}

StepResult JavaCode::compiled(Step& step, const CodeBlob& blob) {
  Address pc = step.pc();
  // The frame is to be deoptimised: where it was is kept in it.
  if (blob.is_deopt(pc) && !step.is_leaf()) {
    pc = step.stack.word(step.sp() + blob.orig_pc_offset).value_or(0);
    if (!blob.contains(pc)) return fail(StepResult::kBroken, "[unknown: deoptimised frame]");
  }
  FrameShape shape =
      step.is_leaf() ? blobs_.shape_at(blob, pc) : frame_shape({.frame_bytes = blob.frame_bytes});
  auto caller = step.is_leaf() ? callers_.of_compiled(step, blob, shape) : callers_.by_shape(step, shape);
  Address return_address = step.sp() + shape.return_address;
  if (!caller || !callers_.can_be_caller(caller->pc)) return no_caller(step, return_address);
  step.cursor.is_guess = step.cursor.is_guess || caller->sp != return_address + kWord;
  auto frame = frames_.compiled(blob, pc, !step.is_leaf());
  if (!frame) return fail(StepResult::kNoRule, frames_.problem());
  return go(step, *frame, *caller);
}

StepResult JavaCode::interpreted(Step& step, const CodeBlob& blob) {
  Address fp = step.fp();
  auto caller = callers_.by_frame_pointer(step);
  auto method = step.stack.word(word_at(fp, interpreted_frame::kMethod));
  auto sender_sp = step.stack.word(word_at(fp, interpreted_frame::kSenderSp));
  bool is_frame = caller && method && sender_sp && fp - step.sp() >= 3 * kWord && *sender_sp > fp &&
                  *sender_sp - fp <= kLargestFrame && callers_.can_be_caller(caller->pc);
  const JavaMethod* java = is_frame ? frames_.method(*method) : nullptr;
  auto bci = java != nullptr ? bytecode_index(step, *java) : std::nullopt;
  // Before a method has its frame, the frame pointer is still that of who called it, or of a frame further
  // up.
  bool may_be_before = step.is_leaf() && bci && !runs_bytecode(step, *java);
  if (bci && !(may_be_before && callers_.on_top(step))) {
    caller->sp = *sender_sp;
    auto frame = frames_.interpreted(*java, *bci);
    return frame ? go(step, *frame, *caller) : fail(StepResult::kNoRule, frames_.problem());
  }
  if (step.is_leaf()) {
    // After a method has returned its frame, too.
    auto guess = callers_.on_top(step);
    if (!guess && caller && callers_.can_be_caller(caller->pc) && !bci) guess = caller;
    if (guess) {
      step.cursor.is_guess = true;
      return go(step, frames_.machinery(blob), callers_.with_sender_sp(step, *guess));
    }
  }
  if (!caller && step.cursor.knows(Registers::kRbp)) return no_caller(step, fp);
  return fail(StepResult::kBroken, "[unknown: interpreted frame]");
}

// Which of its method's bytecodes an interpreted frame is at, -1 in a native method. Nothing when its
// bytecode pointer leads elsewhere: then it is no frame of that method, or the method was another when it was
// taken.
std::optional<int32_t> JavaCode::bytecode_index(const Step& step, const JavaMethod& method) const {
  // It is written to the frame when something is called.
  if (runs_bytecode(step, method)) return index_in(method, step.cursor.registers.values[Registers::kR13]);
  auto saved = step.stack.word(word_at(step.fp(), layout_.interpreted_bcp));
  if (!saved) return std::nullopt;
  Address code = method.const_method + layout_.const_method_bytes;
  if (method.code_bytes == 0 && (*saved == 0 || *saved == code)) return -1;
  return index_in(method, *saved);
}

std::optional<int32_t> JavaCode::index_in(const JavaMethod& method, Address bcp) const {
  Address code = method.const_method + layout_.const_method_bytes;
  if (bcp < code || bcp - code >= method.code_bytes) return std::nullopt;
  return static_cast<int32_t>(bcp - code);
}

// Whether the register of the bytecode pointer leads into the method.
bool JavaCode::runs_bytecode(const Step& step, const JavaMethod& method) const {
  return step.is_leaf() && step.cursor.knows(Registers::kR13) &&
         index_in(method, step.cursor.registers.values[Registers::kR13]).has_value();
}

// The frame through which native code has called Java.
StepResult JavaCode::call_stub(Step& step, const CodeBlob& blob) {
  auto caller = callers_.by_frame_pointer(step);
  if (!caller) return no_caller(step, step.fp());
  Address fp = step.fp();
  auto wrapper = step.stack.word(word_at(fp, kCallWrapper));
  auto last_java_sp =
      wrapper ? step.stack.word(*wrapper + layout_.wrapper_anchor.offset + layout_.anchor_sp.offset)
              : std::nullopt;
  if (last_java_sp && *last_java_sp == 0) {
    MachineFrame appended = step.cursor.frame();
    appended.made = frames_.machinery(blob);
    step.leaf_first.push_back(appended);
    return StepResult::kComplete;
  }
  StepResult result = go(step, frames_.machinery(blob), *caller);
  if (result != StepResult::kStepped) return result;
  for (auto [reg, words] : kSavedByCallStub) {
    auto value = step.stack.word(word_at(fp, words));
    if (!value) continue;
    step.cursor.registers.values[reg] = *value;
    step.cursor.known |= 1u << reg;
  }
  return result;
}

StepResult JavaCode::stub(Step& step, const CodeBlob& blob) {
  if (is_of_continuations(blob)) {
    bool is_after_native = !step.leaf_first.empty() && step.leaf_first.back().made == 0;
    StepResult result =
        step.is_leaf() || is_after_native ? heap_frames_.skip(step, blob) : heap_frames_.enter(step, caller_);
    return result == StepResult::kStepped ? result : fail(result, heap_frames_.problem());
  }
  std::optional<Caller> caller;
  if (blob.frame_bytes != 0) {
    FrameShape shape =
        step.is_leaf() ? blobs_.shape_at(blob, step.pc()) : frame_shape({.frame_bytes = blob.frame_bytes});
    caller = callers_.by_shape(step, shape);
  }
  // The frame of who threw is gone already; below its return address is a word for alignment
  // (Runtime1::generate_unwind_exception).
  if (!step.is_leaf() && is_unwinding(blob))
    caller = callers_.by_shape(step, {kWord, FrameShape::kInRegister});
  bool is_sure = caller && (callers_.can_be_caller(caller->pc) ||
                            (returns_anywhere(blob) && callers_.is_compiled(caller->pc)));
  if (!is_sure && !step.is_leaf()) {
    caller = callers_.by_frame_pointer(step);
    // The barrier at a method's entry has pushed a cookie before its frame pointer.
    if (caller && caller->pc == kCookie) {
      caller->pc = step.stack.word(caller->sp).value_or(0);
      caller->sp += kWord;
    }
    is_sure = caller && callers_.can_be_caller(caller->pc);
  }
  if (!is_sure && step.is_leaf()) {
    caller = callers_.of_stub(step, blob);
    if (!caller) caller = callers_.in_register(step, blob);
    is_sure = caller.has_value();
    if (is_sure && is_adapter(blob)) caller = callers_.with_sender_sp(step, *caller);
    step.cursor.is_guess = step.cursor.is_guess || is_sure;
  }
  // HotSpot's native code calls stubs, too: then these are steps of native code.
  if (!is_sure && blob.kind == BlobKind::kBuffer && callers_.is_native(step)) return StepResult::kNotMine;
  if (!is_sure) return fail(StepResult::kBroken, "[unknown: caller of a stub]");
  return go(step, frames_.machinery(blob), *caller);
}

}  // namespace rtprof::jvm
