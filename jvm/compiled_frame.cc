#include "jvm/compiled_frame.h"

#include <cstring>
#include <initializer_list>
#include <optional>

namespace rtprof::jvm {
namespace {

constexpr int32_t kWord = 8;
constexpr uint8_t kPushRbp = 0x55;
constexpr uint8_t kPopRbp = 0x5d;
constexpr uint8_t kRet = 0xc3;

bool begins(std::span<const uint8_t> code, std::initializer_list<uint8_t> bytes) {
  return code.size() >= bytes.size() && std::memcmp(code.data(), bytes.begin(), bytes.size()) == 0;
}

bool ends(std::span<const uint8_t> code, std::initializer_list<uint8_t> bytes) {
  return code.size() >= bytes.size() && begins(code.last(bytes.size()), bytes);
}

// An instruction that adds a number to rsp or subtracts it: 48 83 /r ib or 48 81 /r id.
struct Adjustment {
  int32_t bytes = 0;
  size_t length = 0;
};

std::optional<Adjustment> adjustment_at(std::span<const uint8_t> code, uint8_t modrm) {
  if (begins(code, {0x48, 0x83, modrm}) && code.size() >= 4)
    return Adjustment{static_cast<int8_t>(code[3]), 4};
  if (begins(code, {0x48, 0x81, modrm}) && code.size() >= 7) {
    Adjustment adjustment{0, 7};
    std::memcpy(&adjustment.bytes, code.data() + 3, sizeof adjustment.bytes);
    return adjustment;
  }
  return std::nullopt;
}

constexpr uint8_t kSubRsp = 0xec;
constexpr uint8_t kAddRsp = 0xc4;

FrameShape whole(uint32_t frame_bytes) {
  auto bytes = static_cast<int32_t>(frame_bytes);
  return {bytes - kWord, bytes - 2 * kWord};
}

// Where the prologue pushes rbp before an instruction at `sub`; maybe with mov rbp,rsp between the two.
std::optional<size_t> push_before(std::span<const uint8_t> prologue, size_t sub) {
  std::span<const uint8_t> head = prologue.first(sub);
  if (ends(head, {kPushRbp})) return sub - 1;
  bool with_frame_pointer =
      ends(head, {kPushRbp, 0x48, 0x8b, 0xec}) || ends(head, {kPushRbp, 0x48, 0x89, 0xe5});
  return with_frame_pointer ? std::optional(sub - 4) : std::nullopt;
}

FrameShape in_prologue(const CompiledCode& code) {
  constexpr FrameShape kNothingPushed{0, FrameShape::kInRegister};
  constexpr FrameShape kPushed{kWord, 0};
  auto frame = static_cast<int32_t>(code.frame_bytes);
  for (size_t at = 0; at < code.prologue.size(); ++at) {
    auto sub = adjustment_at(code.prologue.subspan(at), kSubRsp);
    if (!sub) continue;
    // push rbp; sub rsp, all but the return address and rbp
    auto push = push_before(code.prologue, at);
    if (push && sub->bytes == frame - 2 * kWord) {
      if (code.pc <= *push) return kNothingPushed;
      return code.pc <= at ? kPushed : whole(code.frame_bytes);
    }
    // sub rsp, all but the return address; mov [rsp + ..], rbp
    if (sub->bytes == frame - kWord) {
      if (code.pc <= at) return kNothingPushed;
      bool saves_next = code.pc == at + sub->length;
      return saves_next ? FrameShape{frame - kWord, FrameShape::kInRegister} : whole(code.frame_bytes);
    }
  }
  // A frame of nothing but the return address and rbp.
  if (frame == 2 * kWord) {
    for (size_t at = code.prologue.size(); at-- > 0;) {
      if (code.prologue[at] == kPushRbp) return code.pc <= at ? kNothingPushed : kPushed;
    }
  }
  return kNothingPushed;
}

// Polls whether to stop at a return, after the frame is gone: cmp rsp, [r15 + ..] and ja from JDK 16 on, test
// of a page before; ret.
bool is_return(const CompiledCode& code) {
  std::span<const uint8_t> after = code.after;
  if (begins(after, {kRet})) return true;
  if (begins(after, {0x49, 0x3b, 0xa7}) || begins(after, {0x49, 0x3b, 0x67})) return true;
  if (begins(after, {0x0f, 0x87}) && code.before.size() >= 7) {
    bool long_form = begins(code.before.last(7), {0x49, 0x3b, 0xa7});
    if (long_form || begins(code.before.last(4), {0x49, 0x3b, 0x67})) return true;
  }
  auto returns_after = [&](size_t length) { return after.size() > length && after[length] == kRet; };
  if (begins(after, {0x85, 0x05}) && returns_after(6)) return true;        // test [rip + ..], eax
  if (begins(after, {0x41, 0x85, 0x02}) && returns_after(3)) return true;  // test [r10], eax
  if (begins(after, {0x41, 0x85, 0x03}) && returns_after(3)) return true;  // test [r11], eax
  return begins(after, {0x4d, 0x8b, 0x97}) && returns_after(10);           // mov r10, [r15 + ..]; test
}

// add rsp, ..; pop rbp have just run: what follows is the rest of an epilogue, whatever it is.
bool follows_epilogue(const CompiledCode& code) {
  if (!ends(code.before, {kPopRbp})) return false;
  std::span<const uint8_t> head = code.before.first(code.before.size() - 1);
  auto frame = static_cast<int32_t>(code.frame_bytes);
  for (size_t length : {size_t{4}, size_t{7}}) {
    if (head.size() < length) continue;
    auto add = adjustment_at(head.last(length), kAddRsp);
    if (add && add->length == length && add->bytes == frame - 2 * kWord) return true;
  }
  return false;
}

// Wrappers of native methods: leave; cmp [r15 + ..], 0; jne; ret (SharedRuntime::generate_native_wrapper). By
// itself the byte of leave can be the end of other instructions.
bool follows_leave(const CompiledCode& code) {
  constexpr uint8_t kLeave = 0xc9;
  std::span<const uint8_t> before = code.before;
  bool compares_next = begins(code.after, {0x49, 0x83, 0x7f}) || begins(code.after, {0x49, 0x83, 0xbf});
  if (ends(before, {kLeave}) && compares_next) return true;
  bool jumps_next = begins(code.after, {0x0f, 0x85}) || begins(code.after, {0x75});
  auto has_compared = [&](uint8_t modrm, size_t length) {
    return before.size() > length && begins(before.last(length + 1), {kLeave, 0x49, 0x83, modrm});
  };
  return jumps_next && (has_compared(0x7f, 5) || has_compared(0xbf, 8));
}

}  // namespace

FrameShape frame_shape(const CompiledCode& code) {
  // Method handle intrinsics jump on and have no frame.
  if (code.frame_bytes < 2 * kWord) return {0, FrameShape::kInRegister};
  if (!code.prologue.empty()) return in_prologue(code);
  if (is_return(code) || follows_epilogue(code) || follows_leave(code)) return {0, FrameShape::kInRegister};
  if (begins(code.after, {kPopRbp})) return {kWord, 0};
  return whole(code.frame_bytes);
}

std::span<const uint8_t> stub_prologue(const CompiledCode& code) {
  auto frame = static_cast<int32_t>(code.frame_bytes);
  for (size_t at = 0; at < code.prologue.size(); ++at) {
    auto sub = adjustment_at(code.prologue.subspan(at), kSubRsp);
    if (!sub || sub->bytes != frame - 2 * kWord || !push_before(code.prologue, at)) continue;
    size_t end = at + sub->length;
    return code.pc < end ? code.prologue.first(end) : std::span<const uint8_t>();
  }
  return {};
}

bool ends_with_call(std::span<const uint8_t> code) {
  auto opcode_at = [&](size_t back) -> int { return code.size() >= back ? code[code.size() - back] : -1; };
  auto indirect = [&](size_t back, auto is_form) {
    return opcode_at(back) == 0xff && (opcode_at(back - 1) >> 3 & 7) == 2 && is_form(opcode_at(back - 1));
  };
  if (opcode_at(5) == 0xe8) return true;  // call rel32
  if (indirect(2, [](int modrm) { return modrm >> 6 == 3 || modrm >> 6 == 0; }))
    return true;                                                            // call reg, [reg]
  if (indirect(3, [](int modrm) { return modrm >> 6 == 1; })) return true;  // call [reg + disp8]
  if (indirect(4, [](int modrm) { return modrm >> 6 == 1 && (modrm & 7) == 4; }))
    return true;                                                                             // with an index
  if (indirect(6, [](int modrm) { return modrm >> 6 == 2 || modrm == 0x15; })) return true;  // [reg + disp32]
  return indirect(7, [](int modrm) { return modrm >> 6 == 2 && (modrm & 7) == 4; });
}

}  // namespace rtprof::jvm
