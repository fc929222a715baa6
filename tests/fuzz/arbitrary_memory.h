#pragma once

#include <cstdint>
#include <span>

#include "common/process/memory.h"

namespace rtprof {

// The input as the memory of a target: repeated over the whole address space, so that whatever a pointer is,
// something is there. The first page is not, and others are missing, the more the larger `holes` is; none for
// 0.
class ArbitraryMemory final : public Memory {
 public:
  // `bytes` is not empty.
  explicit ArbitraryMemory(std::span<const uint8_t> bytes, uint8_t holes = 0)
      : bytes_(bytes), holes_(holes) {}

  bool read(Address address, void* destination, size_t size) const override {
    for (Address page = address / kPage; page <= (address + size - 1) / kPage; ++page) {
      bool missing = page == 0 || (holes_ != 0 && page % kPattern < holes_ / 4);
      if (missing) return false;
    }
    auto* to = static_cast<uint8_t*>(destination);
    for (size_t i = 0; i < size; ++i) to[i] = bytes_[(address + i) % bytes_.size()];
    return true;
  }

  size_t read_batch(std::span<const MemoryRange> ranges) const override {
    size_t done = 0;
    while (done < ranges.size() && read(ranges[done].address, ranges[done].destination, ranges[done].size))
      ++done;
    return done;
  }

 private:
  static constexpr Address kPage = 4096;
  static constexpr Address kPattern = 251;

  std::span<const uint8_t> bytes_;
  uint8_t holes_;
};

}  // namespace rtprof
