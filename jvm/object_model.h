#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/base/result.h"
#include "common/process/memory.h"
#include "jvm/object_layout.h"
#include "jvm/z_relocations.h"

namespace rtprof::jvm {

// The first two words of an object: its mark, and its class where that is not in the mark.
using ObjectHeader = std::array<uint64_t, 2>;

// How a running JVM keeps references to objects and to classes: compressed or not, and coloured by ZGC, which
// depends on its flags and its collector.
class ObjectModel {
 public:
  // Fails when HotSpot does not describe what is needed, or it cannot be read.
  static Result<ObjectModel> read(const Memory& memory, const ObjectLayout& layout);

  // Of a reference in an object: 4 or 8.
  uint32_t reference_bytes() const { return coding_ == Coding::kCompressed ? 4 : 8; }
  // The address of the object that a reference in an object leads to; 0 for null.
  Address from_field(uint64_t value) const;
  // The same of a root: what an OopHandle points to.
  Address from_root(uint64_t value) const;

  // Of ZGC: its layout; null where this JVM has another collector, or none of these is described.
  const ZLayout* z() const { return z_; }
  bool has_generations() const { return coding_ == Coding::kColouredLow; }
  // Which of ZGC's relocations may have moved an object since this reference to it was written.
  ZRelocation relocation(uint64_t value) const;
  // The offset in ZGC's heap of an address that a reference gave, and the address of another offset.
  uint64_t heap_offset(Address object) const { return object & offset_mask_; }
  Address at_offset(Address object, uint64_t offset) const { return (object & ~offset_mask_) | offset; }

  // An object's address without the colours that ZGC without generations gives it, which change while it
  // stays where it is: to compare addresses, and not to read there.
  Address place(Address object) const {
    return coding_ == Coding::kColouredHigh ? object & offset_mask_ : object;
  }

  // The Klass of an object.
  Address klass(const ObjectHeader& header) const;
  // Where a collector has moved an object to, as far as its mark tells; nothing where it has not.
  static std::optional<Address> moved_to(const ObjectHeader& header);
  // Where an array has its length, an int.
  uint32_t array_length_offset() const;

  enum class Coding : uint8_t {
    kPlain,
    kCompressed,    // 32 bits, shifted and moved
    kColouredHigh,  // ZGC without generations: colours above the offset in the heap
    kColouredLow,   // ZGC with generations: colours in the lowest 16 bits
  };

  // What from_field() and klass() do, for programs that have to do it themselves.
  struct Rules {
    Coding coding = Coding::kPlain;
    uint64_t base = 0;  // kCompressed: is added; kColouredHigh: good colours
    uint32_t shift = 0;
    uint64_t offset_mask = 0;
    // An object is of the class if the 8 bytes at `class_at`, shifted right and masked, are `class_value`.
    uint32_t class_at = 0;
    uint32_t class_shift = 0;
    uint64_t class_mask = 0;
    uint64_t class_value = 0;
  };
  Rules rules(Address klass) const;

 private:
  void choose_colours(const Memory& memory, const ZLayout& layout);

  Coding coding_ = Coding::kPlain;
  Address reference_base_ = 0;
  uint32_t reference_shift_ = 0;
  const ZLayout* z_ = nullptr;
  uint64_t offset_mask_ = 0;    // of ZGC
  uint64_t good_mask_ = 0;      // likewise; of generations that of loads
  uint64_t weak_bad_mask_ = 0;  // kColouredHigh: colours of references that may be older than a move
  bool compressed_classes_ = false;
  Address class_base_ = 0;
  uint32_t class_shift_ = 0;
  uint32_t class_shift_in_mark_ = 0;  // not 0: compact headers
};

}  // namespace rtprof::jvm
