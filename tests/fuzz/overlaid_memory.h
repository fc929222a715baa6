#pragma once

#include <span>

#include "common/process/memory.h"

namespace rtprof {

// One memory where it is readable, else the other.
class OverlaidMemory final : public Memory {
 public:
  // Both outlive this.
  OverlaidMemory(const Memory& over, const Memory& under) : over_(over), under_(under) {}

  bool read(Address address, void* destination, size_t size) const override {
    return over_.read(address, destination, size) || under_.read(address, destination, size);
  }
  size_t read_batch(std::span<const MemoryRange> ranges) const override {
    size_t done = 0;
    while (done < ranges.size() && read(ranges[done].address, ranges[done].destination, ranges[done].size))
      ++done;
    return done;
  }

 private:
  const Memory& over_;
  const Memory& under_;
};

}  // namespace rtprof
