#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jvm/layout.h"
#include "tests/unit/fake_memory.h"

namespace rtprof::test {

// The memory of a JVM with the layout of hotspot_17_layout(): one code heap of 64 segments of 128 bytes, and
// what a test puts there.
class FakeJvm {
 public:
  static constexpr Address kCode = 0x100000;
  static constexpr Address kSegment = 128;
  static constexpr size_t kSegments = 64;
  static constexpr Address kMap = 0x20000;  // a byte a segment

  struct Blob {
    std::string name = "nmethod";
    size_t segments = 4;
    int32_t frame_words = 4;
    Address method = 0;
    int32_t compile_id = 1;
    int32_t level = 4;
  };

  FakeJvm();

  // Puts a blob into a segment and returns where its code begins, kCodeBytes of it at the least. The code is
  // nops.
  Address add(size_t segment, const Blob& blob);
  void free(size_t segment, size_t segments);
  // Makes what precedes an address a call, of something in no code heap if no target is given.
  void put_call(Address return_address, Address target = 0);
  void set_call_stub_return(Address address) { memory.set(layout.call_stub_return, address); }
  // A method with a bytecode of so many bytes; returns where that begins.
  Address add_method(Address method, std::string_view holder, std::string_view name, uint16_t code_bytes);

  Address add_symbol(std::string_view text);

  FakeMemory memory;
  jvm::Layout layout;

 private:
  Address next_ = 0x400000;
  Address next_symbol_ = 0x800000;
};

}  // namespace rtprof::test
