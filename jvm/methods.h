#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/process/memory.h"
#include "jvm/layout.h"

namespace rtprof::jvm {

// What a Method is, as it was when it was read.
struct JavaMethod {
  std::string name;  // "java/util/HashMap.get"; with its signature where those are asked for
  Address const_method = 0;
  Address pool = 0;
  uint32_t code_bytes = 0;        // of its bytecode; 0: a native method, or one without a body
  bool has_line_numbers = false;  // a table of lines follows the bytecode

  bool operator==(const JavaMethod&) const = default;
};

// The methods of a target by address. An address can be one method now and another later, when a class was
// unloaded. Where the one before was in use a moment ago, it is none for the rest of the batch, since what
// was taken meanwhile may be of either. Lives on one thread.
class Methods {
 public:
  // Both outlive this. `signatures`: names have them.
  Methods(const Memory& memory, const Layout& layout, bool signatures = false)
      : memory_(memory), layout_(layout), signatures_(signatures) {}

  // As CodeBlobs::begin_batch().
  void begin_batch(bool readable, TimePoint now) {
    readable_ = readable;
    now_ = now;
    ++batch_;
  }

  // Null when what is there is no method, or it cannot be read. Valid until the next call.
  const JavaMethod* find(Address method);

  // The line of a bytecode; 0 when it is not known.
  int32_t line_of(const JavaMethod& method, int32_t bci);

 private:
  struct Entry {
    std::optional<JavaMethod> method;
    uint64_t batch = 0;      // of the last look
    TimePoint looked = 0;    // the same
    TimePoint in_doubt = 0;  // until then it may be another that a sample has met
  };
  // What leads to a method's name.
  struct Symbols {
    Address holder = 0;
    Address name = 0;
    Address signature = 0;
  };

  std::optional<JavaMethod> read(Address method) const;
  std::vector<uint8_t> readable(Address begin, size_t most) const;
  std::optional<Symbols> symbols_of(std::span<const uint8_t> const_method, Address pool) const;

  const Memory& memory_;
  const Layout& layout_;
  const bool signatures_;
  uint64_t batch_ = 1;
  TimePoint now_ = 0;
  bool readable_ = true;
  std::unordered_map<Address, Entry> entries_;
  std::unordered_map<Address, std::unordered_map<int32_t, int32_t>> lines_;  // by ConstMethod and bci
};

// The line that a compressed table of lines (oops/constMethod.hpp) has for a bytecode; 0 for none. Nothing
// when the table goes on behind the bytes.
std::optional<int32_t> line_in_table(const Layout& layout, std::span<const uint8_t> table, int32_t bci);

}  // namespace rtprof::jvm
