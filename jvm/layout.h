#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/process/memory.h"
#include "jvm/member.h"
#include "jvm/object_layout.h"
#include "jvm/thread_layout.h"
#include "jvm/vm_structs.h"

namespace rtprof::jvm {

// A release of the JDK: "17.0.15", and what else it says of itself.
struct JdkVersion {
  int feature = 0;   // 8, 11, 17
  std::string text;  // "17.0.15", "8.0.412"
};

// HotSpot keeps offsets of a blob's parts relative to three places.
enum class BlobBase : uint8_t {
  kHeader,         // the blob itself: all up to JDK 22
  kImmutableData,  // nmethod::_immutable_data, from 23 on: scopes
  kMutableData,    // CodeBlob::_mutable_data, from 25 on: metadata, after the relocations
  kData,           // CodeBlob::_data_offset, 23 and 24: metadata
};

// Where things are in one build of HotSpot. Structures are named as there; sizes and offsets are bytes.
struct Layout {
  JdkVersion version;
  Address code_heaps = 0;           // CodeCache::_heaps, a GrowableArray<CodeHeap*>*; from 9 on
  Address code_heap = 0;            // CodeCache::_heap, a CodeHeap*; until 8
  Address java_command = 0;         // Arguments::_java_command, a char*; 0: not known
  Address call_stub_return = 0;     // StubRoutines::_call_stub_return_address
  Member array_length, array_data;  // GrowableArray
  Member heap_memory, heap_segments, heap_segment_shift;
  Member space_low, space_high, space_low_boundary, space_high_boundary;  // VirtualSpace
  uint32_t heap_block_bytes = 0;                                          // of the header before a blob
  Member block_length, block_used;

  uint32_t blob_bytes = 0;  // as much of an nmethod's header as is read
  Member blob_name, blob_size, blob_frame_size, blob_frame_complete;
  Member blob_code_begin, blob_code_end;  // addresses, or none
  Member blob_code_offset, blob_data_offset;
  Member blob_mutable_data, blob_relocation_size;

  Member method_of_nmethod, compile_id, comp_level, orig_pc_offset;
  Member deopt_begin, deopt_mh_begin;    // addresses, or none
  Member deopt_offset, deopt_mh_offset;  // of the header
  Member immutable_data, immutable_data_size;
  Member scopes_data_begin;  // an address, or none
  Member scopes_data_offset, scopes_pcs_offset, dependencies_offset, metadata_offset;
  BlobBase scopes_base = BlobBase::kHeader;
  BlobBase metadata_base = BlobBase::kHeader;

  uint32_t pc_desc_bytes = 0;
  Member pc_desc_pc, pc_desc_scope;
  // Whether the bytes of a compressed number are 1 to 255: JDK-8285756, from 20 on.
  bool numbers_without_zero = false;

  Member method_const;  // Method::_constMethod
  uint32_t const_method_bytes = 0;
  Member const_pool, const_name, const_signature, const_code_size, const_flags;
  uint64_t has_line_numbers = 0;  // a bit of const_flags; 0: not known
  uint32_t pool_bytes = 0;
  Member pool_tags, pool_length, pool_holder;
  Member klass_name;
  Member symbol_length;
  uint32_t symbol_body = 0;

  Address heap = 0;         // Universe::_collectedHeap; 0: not known
  Member heap_collections;  // CollectedHeap::_total_collections, an unsigned int, or none

  // What a Thread has allocated (Thread::_allocated_bytes), and its buffer for that, a
  // ThreadLocalAllocBuffer; or none.
  Member allocated_bytes, buffer;
  Member buffer_start, buffer_top, buffer_refills, buffer_desired, buffer_waste;
  Address buffer_reserve = 0;  // words at a buffer's end, an int; 0: not known

  Member wrapper_anchor, anchor_sp;  // JavaCallWrapper, JavaFrameAnchor

  ObjectLayout objects;
  ThreadLayout threads;

  // Interpreted frames, words from the frame pointer (cpu/x86/frame_x86.hpp).
  int interpreted_bcp = -8;
};

// Fails when an entry is missing that is needed, and names it.
Result<Layout> layout_of(const VmStructs& structs, const JdkVersion& version);

// The version by what HotSpot says of itself; nothing when it says nothing yet.
std::optional<JdkVersion> version_of(const VmStructs& structs, const Memory& memory);

// Of "17.0.15+6-Debian-1deb12u1" (8: "25.412-b08").
std::optional<JdkVersion> parse_version(std::string_view vm_release);

}  // namespace rtprof::jvm
