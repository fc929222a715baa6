#pragma once

#include <cstddef>
#include <cstdint>

#include "agents/jvm/protocol.h"

namespace rtprof::agents::jvm {

// Has one of the process's functions make a call of ours each time that it is called, while it is enabled. It
// does all that it does otherwise.
//
// Its first byte becomes that of a jump, of which the four bytes behind it, left as they are, say where to:
// there lies code that calls us, carries out the function's first instruction and goes on in the function. So
// one byte is all that changes, at once and both ways. A thread that is somewhere in the function meanwhile
// finds the instructions that it finds otherwise, so none has to be stopped, and no signal is taken.
//
// What is laid out for it stays: a thread may be in it.
class Detour {
 public:
  // Lays out code for a function. `landing` is called with the function's arguments in their registers, and
  // has to go on where continuation() says, with the registers and the stack that it got. The same for the
  // same function again. All of them are to be laid out before one is enabled.
  Answer prepare(uintptr_t function, void (*landing)());
  Answer enable();
  void disable();
  // Where the landing goes on, once prepared.
  const void* continuation() const { return continuation_; }

 private:
  bool lay_out(uintptr_t place, void (*landing)());
  bool write(uint8_t byte) const;

  uint8_t* function_ = nullptr;
  void* continuation_ = nullptr;
  uint8_t first_ = 0;  // the function's own first byte
};

// How many bytes the instruction has that a function begins with; 0 where it is none of those that are
// known, and can be anywhere.
size_t first_instruction(const uint8_t* code);

}  // namespace rtprof::agents::jvm
