#include "jvm/java_code.h"

#include <algorithm>

#include "jvm/scopes.h"
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

// Bytes on the stack: up to 255 arguments of a word or two.
constexpr uint64_t kMostArguments = 4096;

// An interpreted frame, words from the frame pointer (cpu/x86/frame_x86.hpp).
constexpr int kMethod = -3;
constexpr int kSenderSp = -1;
// The bytecode pointer while the interpreter runs; where interpreted and compiled code meet, the caller's
// stack pointer before arguments were moved.
constexpr uint8_t kR13 = 13;
constexpr Address kCookie = ~Address{0};
// Of compiled code, in the cache: a few hundred thousand places run in the largest programs.
constexpr size_t kMostFrames = 1 << 20;
// Below are small numbers, no code.
constexpr Address kLowestNative = 1 << 16;
// The frame of the call stub (StubGenerator::generate_call_stub, stubGenerator_x86_64.cpp, Linux).
constexpr int kCallWrapper = -6;
constexpr std::pair<uint8_t, int> kSavedByCallStub[] = {{3, -7}, {12, -8}, {13, -9}, {14, -10}, {15, -11}};

bool is_adapter(const CodeBlob& blob) {
  return blob.kind == BlobKind::kBuffer && blob.name.starts_with("I2C/C2I");
}

// "StubRoutines (continuation stubs)", of JDK 21 and newer.
bool is_of_continuations(const CodeBlob& blob) {
  return blob.kind == BlobKind::kBuffer && blob.name.find("ontinuation") != std::string::npos;
}

// What a poll has called by way of a signal: it returns to the instruction that polls. "SafepointBlob", newer
// JDKs name it otherwise.
bool is_of_safepoints(const CodeBlob& blob) {
  return blob.kind == BlobKind::kStub && blob.name.find("afepoint") != std::string::npos;
}

// C1's, of which the name differs by the JDK.
bool is_unwinding(const CodeBlob& blob) {
  return blob.frame_bytes == 0 && blob.name.find("unwind_exception") != std::string::npos;
}

Address word_at(Address fp, int words) {
  return fp + static_cast<int64_t>(words) * static_cast<int64_t>(kWord);
}

}  // namespace

JavaCode::JavaCode(const Memory& memory, const Layout& layout, bool lines)
    : memory_(memory),
      layout_(layout),
      lines_(lines),
      heaps_(memory_, layout_),
      blobs_(memory_, layout_, heaps_),
      methods_(memory_, layout_) {
  heaps_.refresh();
}

void JavaCode::begin_batch() {
  bool readable = heaps_.refresh();
  TimePoint now = monotonic_now();
  blobs_.begin_batch(readable, now);
  methods_.begin_batch(readable, now);
  if (compiled_frames_.size() >= kMostFrames) compiled_frames_.clear();
  if (auto address = memory_.pointer(layout_.call_stub_return)) call_stub_return_ = *address;
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
  if (!heaps_.contains(cursor.registers.pc())) return StepResult::kNotMine;
  Step step{cursor, stack, leaf_first};
  const CodeBlob* blob = blobs_.find(step.pc());
  if (blob == nullptr) return fail(StepResult::kNoRule, "[unknown: Java code that is gone]");
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

bool JavaCode::can_be_caller(Address pc) {
  if (pc == call_stub_return_) return pc != 0;
  const CodeBlob* blob = heaps_.contains(pc) ? blobs_.find(pc) : nullptr;
  if (blob == nullptr) return false;
  // What the interpreter has called returns to the middle of its own code, by addresses from a table.
  if (blob->kind == BlobKind::kInterpreter) return true;
  // The return barrier of virtual threads.
  if (is_of_continuations(*blob)) return true;
  return blob->is_deopt(pc) || blobs_.follows_call(*blob, pc);
}

bool JavaCode::is_compiled(Address pc) {
  const CodeBlob* blob = heaps_.contains(pc) ? blobs_.find(pc) : nullptr;
  return blob != nullptr && blob->kind == BlobKind::kCompiled;
}

std::optional<JavaCode::Caller> JavaCode::caller_by_shape(const Step& step, const FrameShape& shape) const {
  auto pc = step.stack.word(step.sp() + shape.return_address);
  if (!pc) return std::nullopt;
  Caller caller{*pc, step.sp() + shape.return_address + kWord, step.cursor.registers.fp()};
  if (shape.frame_pointer == FrameShape::kInRegister) return caller;
  auto fp = step.stack.word(step.sp() + shape.frame_pointer);
  if (!fp) return std::nullopt;
  caller.fp = *fp;
  return caller;
}

std::optional<JavaCode::Caller> JavaCode::caller_by_frame_pointer(const Step& step) const {
  Address fp = step.cursor.registers.fp();
  bool plausible = step.cursor.knows(Registers::kRbp) && fp % kWord == 0 && fp >= step.sp() &&
                   fp - step.sp() <= kLargestFrame;
  if (!plausible) return std::nullopt;
  auto caller_fp = step.stack.word(fp);
  auto pc = step.stack.word(fp + kWord);
  if (!caller_fp || !pc) return std::nullopt;
  return Caller{*pc, fp + 2 * kWord, *caller_fp};
}

// C2's code for strings and arrays keeps registers on top of the frame for a while (C2_MacroAssembler,
// string_compare and its like).
std::optional<JavaCode::Caller> JavaCode::caller_beyond_pushed(const Step& step, const FrameShape& whole) {
  constexpr int kMostPushed = 4;
  if (whole.frame_pointer == FrameShape::kInRegister) return std::nullopt;
  FrameShape shape = whole;
  for (int pushed = 0; pushed < kMostPushed; ++pushed) {
    shape.return_address += static_cast<int32_t>(kWord);
    shape.frame_pointer += static_cast<int32_t>(kWord);
    auto caller = caller_by_shape(step, shape);
    if (caller && can_be_caller(caller->pc)) return caller;
  }
  return std::nullopt;
}

// That of a leaf which was called a moment ago: the return address is on top, or below the caller's frame
// pointer.
std::optional<JavaCode::Caller> JavaCode::caller_on_top(const Step& step) {
  constexpr FrameShape kJustCalled{0, FrameShape::kInRegister};
  constexpr FrameShape kJustPushed{kWord, 0};
  for (const FrameShape& shape : {kJustCalled, kJustPushed}) {
    auto caller = caller_by_shape(step, shape);
    if (caller && can_be_caller(caller->pc)) return caller;
  }
  return std::nullopt;
}

// Stubs push and pop as they like. The frame pointer can be that of a frame further up, so what may be a
// return address below it is believed first.
std::optional<JavaCode::Caller> JavaCode::caller_of_stub(const Step& step) {
  constexpr int kMostPushed = 64;
  if (auto caller = caller_on_top(step)) return caller;
  auto by_pointer = caller_by_frame_pointer(step);
  Address end = step.sp() + kMostPushed * kWord;
  if (by_pointer) end = std::min(end, by_pointer->sp - kWord);
  for (Address at = step.sp(); at < end; at += kWord) {
    auto pc = step.stack.word(at);
    if (!pc) break;
    if (can_be_caller(*pc)) return Caller{*pc, at + kWord, step.cursor.registers.fp()};
  }
  return by_pointer && can_be_caller(by_pointer->pc) ? by_pointer : std::nullopt;
}

// Where exceptions are handed on, the place that threw is in rdx; adapters keep their return address in rax
// while they move arguments on the stack.
std::optional<JavaCode::Caller> JavaCode::caller_in_register(const Step& step, const CodeBlob& blob) {
  auto reg = blob.kind == BlobKind::kStub ? Registers::kRdx : Registers::kRax;
  Caller caller{step.cursor.registers.values[reg], step.sp(), step.cursor.registers.fp()};
  bool is_known =
      step.is_leaf() && step.cursor.knows(reg) && (blob.kind == BlobKind::kStub || is_adapter(blob));
  return is_known && can_be_caller(caller.pc) ? std::optional(caller) : std::nullopt;
}

JavaCode::Caller JavaCode::with_sender_sp(const Step& step, Caller caller) {
  const CodeBlob* blob = blobs_.find(caller.pc);
  if (blob == nullptr || blob->kind != BlobKind::kCompiled || blob->frame_bytes < kWord) return caller;
  auto is_frame_at = [&](Address sp) {
    auto pc = step.stack.word(sp + blob->frame_bytes - kWord);
    return pc && can_be_caller(*pc);
  };
  Address sender_sp = step.cursor.registers.values[kR13];
  bool is_plausible = step.cursor.knows(kR13) && sender_sp >= caller.sp &&
                      sender_sp - caller.sp <= kMostArguments && sender_sp % kWord == 0;
  if (is_plausible && !is_frame_at(caller.sp) && is_frame_at(sender_sp)) caller.sp = sender_sp;
  return caller;
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
  auto caller = caller_by_shape(step, shape);
  bool is_sure = caller && can_be_caller(caller->pc);
  if (!is_sure && step.is_leaf()) {
    auto guess = caller_beyond_pushed(step, shape);
    if (!guess) guess = caller_on_top(step);
    if (guess) caller = guess;
    is_sure = guess.has_value();
    step.cursor.is_guess = step.cursor.is_guess || is_sure;
  }
  if (!is_sure) return no_caller(step, step.sp() + shape.return_address);
  auto frame = compiled_frame(blob, pc, !step.is_leaf());
  if (!frame) return fail(StepResult::kNoRule, "[unknown: Java method that is gone]");
  return go(step, *frame, *caller);
}

StepResult JavaCode::interpreted(Step& step, const CodeBlob& blob) {
  Address fp = step.cursor.registers.fp();
  auto caller = caller_by_frame_pointer(step);
  auto method = step.stack.word(word_at(fp, kMethod));
  auto sender_sp = step.stack.word(word_at(fp, kSenderSp));
  bool is_frame = caller && method && sender_sp && fp - step.sp() >= 3 * kWord && *sender_sp > fp &&
                  *sender_sp - fp <= kLargestFrame && can_be_caller(caller->pc);
  const JavaMethod* java = is_frame ? methods_.find(*method) : nullptr;
  auto bci = java != nullptr ? bytecode_index(step, *java) : std::nullopt;
  // Before a method has its frame, the frame pointer is still that of who called it, or of a frame further
  // up.
  bool may_be_before = step.is_leaf() && bci && !runs_bytecode(step, *java);
  if (bci && !(may_be_before && caller_on_top(step))) {
    caller->sp = *sender_sp;
    return go(step, frames_.java({part_of(*java, *bci)}), *caller);
  }
  if (step.is_leaf()) {
    // After a method has returned its frame, too.
    auto guess = caller_on_top(step);
    if (!guess && caller && can_be_caller(caller->pc) && !bci) guess = caller;
    if (guess) {
      step.cursor.is_guess = true;
      return go(step, machinery_frame(blob), with_sender_sp(step, *guess));
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
  if (runs_bytecode(step, method)) return index_in(method, step.cursor.registers.values[kR13]);
  auto saved = step.stack.word(word_at(step.cursor.registers.fp(), layout_.interpreted_bcp));
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
  return step.is_leaf() && step.cursor.knows(kR13) &&
         index_in(method, step.cursor.registers.values[kR13]).has_value();
}

// The frame through which native code has called Java.
StepResult JavaCode::call_stub(Step& step, const CodeBlob& blob) {
  auto caller = caller_by_frame_pointer(step);
  if (!caller) return no_caller(step, step.cursor.registers.fp());
  Address fp = step.cursor.registers.fp();
  auto wrapper = step.stack.word(word_at(fp, kCallWrapper));
  auto last_java_sp =
      wrapper ? step.stack.word(*wrapper + layout_.wrapper_anchor.offset + layout_.anchor_sp.offset)
              : std::nullopt;
  if (last_java_sp && *last_java_sp == 0) {
    MachineFrame appended = step.cursor.frame();
    appended.made = machinery_frame(blob);
    step.leaf_first.push_back(appended);
    return StepResult::kComplete;
  }
  StepResult result = go(step, machinery_frame(blob), *caller);
  if (result != StepResult::kStepped) return result;
  for (auto [reg, words] : kSavedByCallStub) {
    auto value = step.stack.word(word_at(fp, words));
    if (!value) continue;
    step.cursor.registers.values[reg] = *value;
    step.cursor.known |= 1u << reg;
  }
  return result;
}

bool JavaCode::is_called_by_native(const Step& step) const {
  auto caller = caller_by_frame_pointer(step);
  Address top = step.stack.word(step.sp()).value_or(0);
  auto is_native = [this](Address pc) { return pc >= kLowestNative && !heaps_.contains(pc); };
  return (step.is_leaf() && is_native(top)) || (caller && is_native(caller->pc));
}

StepResult JavaCode::stub(Step& step, const CodeBlob& blob) {
  // The callers are not on the stack: they are brought there when the last of those that are returns.
  if (!step.is_leaf() && is_of_continuations(blob))
    return fail(StepResult::kBroken, "[unknown: virtual thread's frames in the heap]");
  std::optional<Caller> caller;
  if (blob.frame_bytes != 0) {
    FrameShape shape =
        step.is_leaf() ? blobs_.shape_at(blob, step.pc()) : frame_shape({.frame_bytes = blob.frame_bytes});
    caller = caller_by_shape(step, shape);
  }
  // The frame of who threw is gone already; below its return address is a word for alignment
  // (Runtime1::generate_unwind_exception).
  if (!step.is_leaf() && is_unwinding(blob)) caller = caller_by_shape(step, {kWord, FrameShape::kInRegister});
  bool is_sure = caller && (can_be_caller(caller->pc) || (is_of_safepoints(blob) && is_compiled(caller->pc)));
  if (!is_sure && !step.is_leaf()) {
    caller = caller_by_frame_pointer(step);
    // The barrier at a method's entry has pushed a cookie before its frame pointer.
    if (caller && caller->pc == kCookie) {
      caller->pc = step.stack.word(caller->sp).value_or(0);
      caller->sp += kWord;
    }
    is_sure = caller && can_be_caller(caller->pc);
  }
  if (!is_sure && step.is_leaf()) {
    caller = caller_of_stub(step);
    if (!caller) caller = caller_in_register(step, blob);
    is_sure = caller.has_value();
    if (is_sure && is_adapter(blob)) caller = with_sender_sp(step, *caller);
    step.cursor.is_guess = step.cursor.is_guess || is_sure;
  }
  // HotSpot's native code calls stubs, too: then these are steps of native code.
  if (!is_sure && blob.kind == BlobKind::kBuffer && is_called_by_native(step)) return StepResult::kNotMine;
  if (!is_sure) return fail(StepResult::kBroken, "[unknown: caller of a stub]");
  return go(step, machinery_frame(blob), *caller);
}

Frames::Part JavaCode::part_of(const JavaMethod& method, int32_t bci) {
  return {frames_.intern(method.name), lines_ ? methods_.line_of(method, bci) : 0};
}

std::optional<uint32_t> JavaCode::compiled_frame(const CodeBlob& blob, Address pc, bool is_return_address) {
  std::pair<uint32_t, uint64_t> key{blob.version, pc << 1 | (is_return_address ? 1 : 0)};
  auto known = compiled_frames_.find(key);
  if (known != compiled_frames_.end()) return known->second;
  auto scopes = scopes_at(memory_, layout_, blob, pc, is_return_address);
  if (!scopes) return std::nullopt;
  if (scopes->empty()) scopes->push_back({blob.method, -1});
  std::vector<Frames::Part> parts;
  for (const Scope& scope : *scopes) {
    const JavaMethod* method = methods_.find(scope.method);
    if (method == nullptr) return std::nullopt;
    parts.push_back(part_of(*method, scope.bci));
  }
  uint32_t frame = frames_.java(parts);
  compiled_frames_.emplace(key, frame);
  return frame;
}

uint32_t JavaCode::machinery_frame(const CodeBlob& blob) {
  return frames_.machinery(blob.name.empty() ? "[code cache]" : blob.name);
}

}  // namespace rtprof::jvm
