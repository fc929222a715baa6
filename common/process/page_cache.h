#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "common/process/memory.h"

namespace rtprof {

// A target's memory, copied page by page when first read and from then on read from the copy, until clear().
// For following many pointers at once: objects lie close together, and a page costs little more than a word.
// What it gives is of one moment only while the target does not change what is read.
class PageCache final : public Memory {
 public:
  explicit PageCache(const Memory& memory) : memory_(memory) {}

  // Ranges longer than a few pages are read directly, and everything once the copies have reached 8 MiB.
  bool read(Address address, void* destination, size_t size) const override;
  size_t read_batch(std::span<const MemoryRange> ranges) const override;

  void clear() { pages_.clear(); }

 private:
  static constexpr size_t kPageBytes = 4096;
  static constexpr size_t kMostPages = 2048;
  static constexpr size_t kLongestCopied = 4 * kPageBytes;
  using Page = std::array<uint8_t, kPageBytes>;

  const Page* page_at(Address start) const;

  const Memory& memory_;
  mutable std::unordered_map<Address, std::unique_ptr<Page>> pages_;  // null: not readable as a whole
};

}  // namespace rtprof
