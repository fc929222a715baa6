#pragma once

#include <cstdint>
#include <string_view>

#include "common/process/memory.h"
#include "jvm/member.h"
#include "jvm/vm_structs.h"

namespace rtprof::jvm {

// Where ZGC has what tells where objects are. What a JDK has in another way than others, or not at all, is 0.
struct ZLayout {
  Address globals = 0;  // a pointer to a structure of pointers to variables, which are:
  Member offset_mask;
  Member good_mask, weak_bad_mask;  // without generations
  Member load_good_mask;            // with them
  int64_t fixed_offset_mask = 0;    // of 11, where it is a constant

  Address collected_heap = 0;  // a variable: ZCollectedHeap*
  Member heap;                 // in it: the ZHeap
  uint32_t heap_bytes = 0;
  Member page_allocator, page_table;  // in the ZHeap
  Member forwardings;                 // the same, without generations: ZForwarding*[] by granule
  uint32_t granule_shift = 0;         // the binary logarithm of a granule's size

  // Of a ZForwarding, behind which its entries are.
  uint32_t forwarding_bytes = 0;
  Member forwarding_start, alignment_shift, entry_count;
};

// `prefix` of the names: "Z", or "X" for the one without generations that JDK 21 to 23 have beside the other.
ZLayout z_layout_of(const VmStructs& structs, std::string_view prefix);

}  // namespace rtprof::jvm
