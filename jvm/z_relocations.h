#pragma once

#include <cstdint>
#include <optional>

#include "common/process/memory.h"
#include "jvm/z_layout.h"

namespace rtprof::jvm {

// Which of ZGC's relocations may have moved an object since a reference to it was written.
enum class ZRelocation : uint8_t {
  kNone,
  kYoung,   // that of young objects; without generations that of all
  kOld,     // that of old objects
  kEither,  // the one of the two that there is
};

// Where ZGC has moved objects: what its last relocations have left of that, for references that nobody has
// used since (gc/z/zForwarding.hpp). All places are offsets in the heap.
class ZRelocations {
 public:
  // Nothing where HotSpot does not describe it, or it cannot be read. `memory` and `layout` outlive it.
  static std::optional<ZRelocations> read(const Memory& memory, const ZLayout& layout, bool has_generations);

  // Where the object is now that was at an offset; nothing where it has not been moved.
  std::optional<uint64_t> find(ZRelocation relocation, uint64_t offset) const;

 private:
  ZRelocations(const Memory& memory, const ZLayout& layout) : memory_(memory), layout_(layout) {}

  // ZForwarding*[] by granule.
  struct Table {
    Address map = 0;
    uint64_t length = 0;
  };

  bool find_tables(Address heap);
  Address forwarding(const Table& table, uint64_t offset) const;
  std::optional<uint64_t> find_entry(Address forwarding, uint64_t offset) const;

  const Memory& memory_;
  const ZLayout& layout_;
  Table young_, old_;
};

}  // namespace rtprof::jvm
