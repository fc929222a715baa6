#pragma once

#include <cstdint>
#include <span>

#include "python/layout.h"

namespace rtprof {

// The source line of the instruction at `offset` bytes into a code object's bytecode, 0 when the compiler
// gave it none. An offset before the first instruction (a frame that has not started) is on the first line,
// one beyond the table on none. Takes any bytes, and tables of any length.
int32_t line_of(LineTableFormat format, std::span<const uint8_t> table, int32_t first_line, int64_t offset);

}  // namespace rtprof
