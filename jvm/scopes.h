#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "common/process/memory.h"
#include "jvm/code_blobs.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// A Java method at a place of compiled code.
struct Scope {
  Address method = 0;
  int32_t bci = -1;  // of its bytecode; negative: not known

  bool operator==(const Scope&) const = default;
};

// What nmethods have recorded of their places. Lives on one thread.
class ScopeTables {
 public:
  // Both outlive this.
  ScopeTables(const Memory& memory, const Layout& layout) : memory_(memory), layout_(layout) {}

  // The methods that run at a place of an nmethod: the innermost inlined one first, its own method last.
  // Empty when nothing is recorded of the place: then it is its own method's code. Nothing when what is there
  // cannot be read, or is not of this nmethod. `is_return_address`: the place is what a call returns to, and
  // is recorded; else what is recorded of the next place is taken, as HotSpot's own profiling interfaces do.
  std::optional<std::vector<Scope>> at(const CodeBlob& blob, Address pc, bool is_return_address);

 private:
  struct Tables {
    std::vector<uint8_t> pcs;
    std::vector<uint8_t> scopes;
  };
  const Tables* tables_of(const CodeBlob& blob);

  const Memory& memory_;
  const Layout& layout_;
  std::unordered_map<uint32_t, Tables> tables_;  // of some nmethods, by the blob's version
  size_t bytes_ = 0;
};

// The parts of it, over bytes that may be anything.
// The offset of the scope that is recorded of a place `offset` bytes after the code's begin; nothing when
// none is. `pcs` are PcDesc[], by their places.
std::optional<uint32_t> scope_offset(const Layout& layout, std::span<const uint8_t> pcs, int64_t offset,
                                     bool is_return_address);

// A scope as its nmethod has recorded it.
struct RecordedScope {
  uint32_t method = 0;  // index of its method among the nmethod's metadata, from 1
  int32_t bci = -1;
};
// That of a place and its callers, innermost first; empty when it contradicts itself.
std::vector<RecordedScope> recorded_scopes(const Layout& layout, std::span<const uint8_t> scopes,
                                           uint32_t offset);

}  // namespace rtprof::jvm
