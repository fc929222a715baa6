#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/base/clock.h"
#include "common/process/memory.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// The code cache: the heaps that HotSpot puts compiled code, the interpreter and its stubs into. Lives on one
// thread.
class CodeHeaps {
 public:
  // Both outlive this.
  CodeHeaps(const Memory& memory, const Layout& layout) : memory_(memory), layout_(layout) {}

  // Looks where the heaps are and how far they are in use. False when there are none yet, or the process has
  // ended: what was known stays then.
  bool refresh();

  // Does refresh() where it was not done for a while.
  void begin_batch(TimePoint now);

  // Whether an address is in the space that is reserved for code.
  bool contains(Address address) const { return heap_of(address) != nullptr; }

  // Where the blob begins that an address is in, and the bytes it may take; nothing when that part of the
  // heap is free, or its map contradicts itself. Looks again how far a heap is in use when the address is
  // beyond: heaps grow while samples come.
  struct Block {
    Address blob = 0;
    uint64_t bytes = 0;
  };
  std::optional<Block> find(Address address);

  // Whether a blob that find() gave is still in a used block of the same size. `header` is what precedes the
  // blob, Layout::heap_block_bytes.
  bool is_used(std::span<const uint8_t> header) const;
  uint64_t block_bytes(std::span<const uint8_t> header, Address blob) const;

 private:
  struct Heap {
    Address address = 0;   // of HotSpot's CodeHeap
    Address low = 0;       // of the space that is reserved
    Address high = 0;      // the first byte after it
    Address used_end = 0;  // the first byte after what can be read
    Address segments = 0;  // the map: a byte a segment
    Address segments_end = 0;
    int shift = 0;  // the binary logarithm of a segment's size
  };
  const Heap* heap_of(Address address) const;
  static bool is_in_use(const Heap& heap, Address address);
  bool grow(Heap& heap) const;
  std::optional<Block> find_in(const Heap& heap, Address address) const;
  std::optional<Heap> read_heap(Address heap) const;

  const Memory& memory_;
  const Layout& layout_;
  std::vector<Heap> heaps_;
  TimePoint refreshed_ = 0;
};

}  // namespace rtprof::jvm
