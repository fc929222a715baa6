#include "jvm/callers.h"

#include <algorithm>

namespace rtprof::jvm {
namespace {

constexpr uint64_t kWord = sizeof(uint64_t);
// Further apart frame pointer and stack pointer are not: stacks are 1 MiB by default, some have 1 GiB.
constexpr uint64_t kLargestFrame = 1 << 20;
// Of the stack pointer of compiled code that has its frame.
constexpr Address kStackAlignment = 16;
// Bytes on the stack: up to 255 arguments of a word or two.
constexpr uint64_t kMostArguments = 4096;
// Below are small numbers, no code.
constexpr Address kLowestNative = 1 << 16;

}  // namespace

bool is_adapter(const CodeBlob& blob) {
  return blob.kind == BlobKind::kBuffer && blob.name.starts_with("I2C/C2I");
}

bool is_of_continuations(const CodeBlob& blob) {
  return blob.kind == BlobKind::kBuffer && blob.name.find("ontinuation") != std::string::npos;
}

bool Callers::can_be_caller(Address pc) {
  if (pc == call_stub_return_) return pc != 0;
  const CodeBlob* blob = heaps_.contains(pc) ? blobs_.find(pc) : nullptr;
  if (blob == nullptr) return false;
  // What the interpreter has called returns to the middle of its own code, by addresses from a table.
  if (blob->kind == BlobKind::kInterpreter) return true;
  // The return barrier of virtual threads.
  if (is_of_continuations(*blob)) return true;
  return blob->is_deopt(pc) || blobs_.follows_call(*blob, pc);
}

bool Callers::is_compiled(Address pc) {
  const CodeBlob* blob = heaps_.contains(pc) ? blobs_.find(pc) : nullptr;
  return blob != nullptr && blob->kind == BlobKind::kCompiled;
}

std::optional<Caller> Callers::by_shape(const Step& step, const FrameShape& shape) const {
  auto pc = step.stack.word(step.sp() + shape.return_address);
  if (!pc) return std::nullopt;
  Caller caller{*pc, step.sp() + shape.return_address + kWord, step.fp()};
  if (shape.frame_pointer == FrameShape::kInRegister) return caller;
  auto fp = step.stack.word(step.sp() + shape.frame_pointer);
  if (!fp) return std::nullopt;
  caller.fp = *fp;
  return caller;
}

std::optional<Caller> Callers::by_frame_pointer(const Step& step) const {
  Address fp = step.fp();
  bool plausible = step.cursor.knows(Registers::kRbp) && fp % kWord == 0 && fp >= step.sp() &&
                   fp - step.sp() <= kLargestFrame;
  if (!plausible) return std::nullopt;
  auto caller_fp = step.stack.word(fp);
  auto pc = step.stack.word(fp + kWord);
  if (!caller_fp || !pc) return std::nullopt;
  return Caller{*pc, fp + 2 * kWord, *caller_fp};
}

// Calls of compiled code lead to an nmethod, or to pieces that look for the callee: then it may be any.
Callers::Calls Callers::calls(Address return_address, const CodeBlob& callee) {
  if (!can_be_caller(return_address)) return Calls::kNo;
  const CodeBlob* caller = blobs_.find(return_address);
  if (caller == nullptr || caller->kind != BlobKind::kCompiled || caller->is_deopt(return_address))
    return Calls::kMaybe;
  auto call = blobs_.call_before(*caller, return_address);
  const CodeBlob* called = call && heaps_.contains(call->target) ? blobs_.find(call->target) : nullptr;
  if (called == nullptr || called->kind != BlobKind::kCompiled) return Calls::kMaybe;
  if (called->method == callee.method) return Calls::kYes;
  if (call->has_inline_cache) return Calls::kMaybe;
  // A piece of the caller's own goes on to the interpreter, a method handle's intrinsic to any callee.
  if (called == caller) {
    Address method = blobs_.interpreted_method(call->target);
    if (method == 0) return Calls::kMaybe;
    return method == callee.method ? Calls::kYes : Calls::kNo;
  }
  return called->frame_bytes < 2 * kWord ? Calls::kMaybe : Calls::kNo;
}

// C2's code for strings and arrays keeps registers, and copies of short strings, on top of the frame for a
// while (C2_MacroAssembler, string_compare, string_indexof and their like). Frames begin at multiples of 16.
Callers::Found Callers::beyond_pushed(const Step& step, const CodeBlob& blob, const FrameShape& whole) {
  constexpr Address kMostPushed = 192;
  // Further off, what only may have called it is less likely to have.
  constexpr Address kMostPushedForMaybe = 32;
  Found found;
  for (Address pushed = kStackAlignment - step.sp() % kStackAlignment; pushed <= kMostPushed;
       pushed += kStackAlignment) {
    FrameShape shape = whole;
    shape.return_address += static_cast<int32_t>(pushed);
    shape.frame_pointer += static_cast<int32_t>(pushed);
    auto caller = by_shape(step, shape);
    if (!caller) break;
    Calls calls_it = calls(caller->pc, blob);
    if (calls_it == Calls::kYes) return {caller, found.maybe};
    bool is_near = pushed <= kMostPushedForMaybe;
    if (calls_it == Calls::kMaybe && is_near && !found.maybe) found.maybe = caller;
  }
  return found;
}

std::optional<Caller> Callers::of_compiled(const Step& step, const CodeBlob& blob, const FrameShape& shape) {
  auto by_size = by_shape(step, shape);
  Calls calls_it = by_size ? calls(by_size->pc, blob) : Calls::kNo;
  bool is_whole = shape.frame_pointer != FrameShape::kInRegister && shape.frame_pointer != 0;
  if (calls_it == Calls::kYes || (calls_it == Calls::kMaybe && !is_whole)) return by_size;
  Found pushed = is_whole ? beyond_pushed(step, blob, shape) : Found();
  if (pushed.sure) return pushed.sure;
  if (calls_it == Calls::kMaybe && step.sp() % kStackAlignment == 0) return by_size;
  if (pushed.maybe) return pushed.maybe;
  auto top = on_top(step);
  return top && calls(top->pc, blob) != Calls::kNo ? top : std::nullopt;
}

std::optional<Caller> Callers::on_top(const Step& step) {
  constexpr FrameShape kJustCalled{0, FrameShape::kInRegister};
  constexpr FrameShape kJustPushed{kWord, 0};
  for (const FrameShape& shape : {kJustCalled, kJustPushed}) {
    auto caller = by_shape(step, shape);
    if (caller && can_be_caller(caller->pc)) return caller;
  }
  return std::nullopt;
}

// Whether compiled code can have its frame where it would be if this were the caller.
bool Callers::has_frame(const Step& step, const Caller& caller) {
  const CodeBlob* blob = blobs_.find(caller.pc);
  if (blob == nullptr || blob->kind != BlobKind::kCompiled || blob->frame_bytes < kWord) return true;
  auto pc = step.stack.word(caller.sp + blob->frame_bytes - kWord);
  return caller.sp % kStackAlignment == 0 && (!pc || can_be_caller(*pc));
}

// Stubs push and pop as they like. The frame pointer can be that of a frame further up, so what may be a
// return address below it is believed first.
std::optional<Caller> Callers::of_stub(const Step& step, const CodeBlob& blob) {
  constexpr int kMostPushed = 64;
  // Adapters are called with a frame that they move.
  auto is_caller = [&](const Caller& caller) { return is_adapter(blob) || has_frame(step, caller); };
  if (auto caller = on_top(step); caller && is_caller(*caller)) return caller;
  auto by_pointer = by_frame_pointer(step);
  Address end = step.sp() + kMostPushed * kWord;
  if (by_pointer) end = std::min(end, by_pointer->sp - kWord);
  for (Address at = step.sp(); at < end; at += kWord) {
    auto pc = step.stack.word(at);
    if (!pc) break;
    Caller caller{*pc, at + kWord, step.fp()};
    if (can_be_caller(*pc) && is_caller(caller)) return caller;
  }
  return by_pointer && can_be_caller(by_pointer->pc) ? by_pointer : std::nullopt;
}

// Where exceptions are handed on, the place that threw is in rdx; adapters keep their return address in rax
// while they move arguments on the stack.
std::optional<Caller> Callers::in_register(const Step& step, const CodeBlob& blob) {
  auto reg = blob.kind == BlobKind::kStub ? Registers::kRdx : Registers::kRax;
  Caller caller{step.cursor.registers.values[reg], step.sp(), step.fp()};
  bool is_known =
      step.is_leaf() && step.cursor.knows(reg) && (blob.kind == BlobKind::kStub || is_adapter(blob));
  return is_known && can_be_caller(caller.pc) ? std::optional(caller) : std::nullopt;
}

Caller Callers::with_sender_sp(const Step& step, Caller caller) {
  const CodeBlob* blob = blobs_.find(caller.pc);
  if (blob == nullptr || blob->kind != BlobKind::kCompiled || blob->frame_bytes < kWord) return caller;
  auto is_frame_at = [&](Address sp) {
    auto pc = step.stack.word(sp + blob->frame_bytes - kWord);
    return pc && can_be_caller(*pc);
  };
  Address sender_sp = step.cursor.registers.values[Registers::kR13];
  bool is_plausible = step.cursor.knows(Registers::kR13) && sender_sp >= caller.sp &&
                      sender_sp - caller.sp <= kMostArguments && sender_sp % kWord == 0;
  if (is_plausible && !is_frame_at(caller.sp) && is_frame_at(sender_sp)) caller.sp = sender_sp;
  return caller;
}

bool Callers::is_native(const Step& step) const {
  auto caller = by_frame_pointer(step);
  Address top = step.stack.word(step.sp()).value_or(0);
  auto is_native = [this](Address pc) { return pc >= kLowestNative && !heaps_.contains(pc); };
  return (step.is_leaf() && is_native(top)) || (caller && is_native(caller->pc));
}

}  // namespace rtprof::jvm
