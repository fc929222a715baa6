#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/process/stack_snapshot.h"

namespace rtprof::native {

// A frame of a machine stack: where a function is at.
struct MachineFrame {
  Address pc = 0;
  // False for the first frame and for one that a signal interrupted: pc is the instruction that runs next.
  // True where pc is what a call returns to, and may be the first byte of another function: names and lines
  // are those of pc - 1.
  bool is_return_address = false;
  // It, or a frame leafward of it, was found by a frame pointer or the like in code that nothing describes:
  // plausible, but nothing vouches for it.
  bool is_guess = false;
  // Of code that a runtime has made: what its RuntimeCode calls the frame; 0: of no such code.
  uint32_t made = 0;

  Address lookup() const { return is_return_address ? pc - 1 : pc; }
  bool operator==(const MachineFrame&) const = default;
};

// The stack of a snapshot as memory that can be read: the bytes that were taken, and those that are known to
// have followed them.
class StackMemory {
 public:
  explicit StackMemory(const StackSnapshot& snapshot, std::span<const uint8_t> beyond = {})
      : snapshot_(snapshot), beyond_(beyond) {}
  explicit StackMemory(StackSnapshot&&, std::span<const uint8_t> = {}) = delete;

  const StackSnapshot& snapshot() const { return snapshot_; }

  // The word at an address; nothing when it is not known.
  std::optional<uint64_t> word(Address address) const {
    if (auto value = word_of(snapshot_.stack, snapshot_.stack_address, address)) return value;
    return word_of(beyond_, snapshot_.stack_address + snapshot_.stack.size(), address);
  }

 private:
  static std::optional<uint64_t> word_of(std::span<const uint8_t> bytes, Address start, Address address) {
    Address offset = address - start;
    if (address < start || bytes.size() < sizeof(uint64_t) || offset > bytes.size() - sizeof(uint64_t))
      return std::nullopt;
    uint64_t value;
    __builtin_memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  }

  const StackSnapshot& snapshot_;
  const std::span<const uint8_t> beyond_;
};

// Where an unwinding is: the registers as they were in the frame that is to be named next.
struct Cursor {
  Registers registers;
  // A bit by number for each register whose value is known: callees lose those that a call may change.
  uint32_t known = StackSnapshot::kAllKnown;
  bool is_return_address = false;  // of registers.pc()
  bool is_guess = false;           // as of the frame

  bool knows(uint8_t reg) const { return (known >> reg & 1) != 0; }
  MachineFrame frame() const { return {registers.pc(), is_return_address, is_guess, 0}; }
};

enum class StepResult : uint8_t {
  kStepped,    // the cursor is at the caller
  kComplete,   // this was the thread's first function
  kNotMine,    // the pc belongs to another unwinder's region
  kNoRule,     // nothing says how to go on from this pc
  kTruncated,  // what leads to the caller is not among the stack bytes that were taken
  kBroken,     // the stack contradicts itself: the caller would not lie above the callee
};

// Steps from one frame to its caller. Each region of a target's address space has one: native code by
// call-frame information or frame pointers, a runtime's code cache by its own rules. A step appends the frame
// the cursor is in, and moves the cursor to its caller; the last one (kComplete) appends only; one that fails
// changes nothing.
class Unwinder {
 public:
  virtual ~Unwinder() = default;
  virtual StepResult step(Cursor& cursor, const StackMemory& stack,
                          std::vector<MachineFrame>& leaf_first) = 0;
};

}  // namespace rtprof::native
