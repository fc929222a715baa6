#pragma once

#include <cstdint>

#include "agents/jvm/protocol.h"

namespace rtprof::agents::jvm {

// What a thread has allocated in its life, in bytes.
struct Allocated {
  uint64_t counted = 0;  // outside of the buffer (TLAB) that it has: HotSpot counts that when it is given up
  uint64_t in_buffer = 0;  // taken of it
};

// Of a JavaThread, on that thread.
inline Allocated allocated_by(const uint8_t* thread, const AllocatedBytes& offsets) {
  auto word = [thread](uint32_t offset) {
    return *reinterpret_cast<const volatile uint64_t*>(thread + offset);
  };
  return {word(offsets.counted), word(offsets.buffer_top) - word(offsets.buffer_start)};
}

}  // namespace rtprof::agents::jvm
