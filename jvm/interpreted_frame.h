#pragma once

namespace rtprof::jvm::interpreted_frame {

// An interpreted frame, words from its frame pointer (cpu/x86/frame_x86.hpp). Where the bytecode pointer is
// differs by the JDK: Layout::interpreted_bcp. In the heap, locals, the sender's stack pointer and frame
// pointers that lead to interpreted frames are offsets in words
// (cpu/x86/continuationFreezeThaw_x86.inline.hpp).
constexpr int kMethod = -3;
constexpr int kSenderSp = -1;
constexpr int kCallerFp = 0;
constexpr int kReturnAddress = 1;
// From the bytecode pointer.
constexpr int kLocalsFromBcp = 1;

}  // namespace rtprof::jvm::interpreted_frame
