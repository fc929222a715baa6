#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/process/memory.h"
#include "jvm/chunk_record.h"
#include "native/runtime_code.h"

namespace rtprof::jvm {

// The frames of a virtual thread that are not on the stack of the thread that carries it, but in StackChunks
// of the heap: HotSpot brings a few of them to the stack when it goes on with them, and further ones when
// those have returned. In a chunk lie words of the stack as they were there, of which those of interpreted
// frames have been made relative.
class StackChunks {
 public:
  struct Chunk {
    Address sp = 0;                  // of its leaf frame; the two words below are those of a callee's frame
    Address end = 0;                 // where its root frame ends
    std::span<const uint8_t> bytes;  // from two words below sp on; may end before `end`

    Address begin() const { return sp - 2 * sizeof(Address); }
    // Null where the address is not in what was copied.
    std::optional<uint64_t> word(Address address) const;
  };

  StackChunks() = default;
  // `record`: an rt_chunk_record, which may be any bytes, and outlives this. It is cut before a chunk that
  // cannot be one, or overlaps another: the heap may have changed while it was copied.
  explicit StackChunks(std::span<const uint8_t> record);

  bool empty() const { return chunks_.empty(); }
  Address entry() const { return entry_; }  // the ContinuationEntry, on the stack
  bool is_cut() const { return is_cut_; }   // there are chunks beyond the last
  std::span<const Chunk> leaf_first() const { return chunks_; }
  // The index of the chunk that has an address.
  std::optional<size_t> holding(Address address) const;

 private:
  bool overlaps(const rt_chunk& chunk) const;

  Address entry_ = 0;
  bool is_cut_ = false;
  std::vector<Chunk> chunks_;
};

// The virtual thread that an rt_chunk_record tells; nothing where it tells none.
std::optional<native::CarriedThread> carried_thread(std::span<const uint8_t> record);

}  // namespace rtprof::jvm
